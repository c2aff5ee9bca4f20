#!/usr/bin/env python3
"""Writes model.json: what `transformers` computes with SmolLM2-135M-Instruct in fp32, for the C++ model tests.

    make_model_goldens.py GGUF OUT.json

Needs torch and transformers (deps/python-test.txt). For 20 chat prompts: ids and the greedy continuation. For 4 of them: logits
of every position at 48 tokens of the vocabulary. For one training row: the loss and, of every parameter, the gradient's norm and
16 of its entries.
"""
import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [
    "What is the capital of France?", "Write a haiku about rain.", "2 + 2 * 3 = ?", "hey", "Translate 'good morning' to Spanish.",
    "Name three colours.", "def fib(n):", "Why is the sky blue?", "¿Cómo estás?", "Give me a short to-do list for moving house.",
    "Who wrote Hamlet?", "List the planets in order.", "Explain photosynthesis in one sentence.", "What rhymes with cat?",
    "Summarise: the cat sat on the mat and slept.", "How many days are there in a week?", "Was ist ein Apfel?",
    "Say something kind.", "What is the opposite of hot?", "Sort these: 3, 1, 2.",
]
NEW_TOKENS = 24
ANSWER = "Paris is the capital of France."


def training_gradients(model, prompt_ids, answer_ids):
    # transformers takes <|im_end|> for padding and leaves its lookup out of the gradient; it is a token of the text like any other.
    model.model.embed_tokens.padding_idx = None
    ids = torch.tensor([prompt_ids + answer_ids])
    labels = torch.tensor([[-100] * len(prompt_ids) + answer_ids])
    loss = model(ids, labels=labels).loss
    loss.backward()
    picks = torch.Generator().manual_seed(1)
    gradients = {}
    for name, parameter in model.named_parameters():
        flat = parameter.grad.flatten()
        index = torch.randint(len(flat), (16,), generator=picks)
        gradients[name] = {"norm": flat.double().norm().item(), "index": index.tolist(), "value": flat[index].tolist()}
    return {"ids": ids[0].tolist(), "prompt": len(prompt_ids), "loss": loss.item(), "gradients": gradients}


def main(gguf, out):
    gguf = pathlib.Path(gguf)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32).eval()
    picked = torch.randint(49152, (48,), generator=torch.Generator().manual_seed(2)).sort().values
    rows = []
    for i, prompt in enumerate(PROMPTS):
        ids = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True)
        ids = ids["input_ids"] if not isinstance(ids, list) else ids
        with torch.no_grad():
            done = model.generate(torch.tensor([ids]), max_new_tokens=NEW_TOKENS, do_sample=False)[0].tolist()
            row = {"prompt": prompt, "ids": ids, "greedy": done[len(ids):]}
            if i < 4:
                row["logits"] = [[round(x, 5) for x in r] for r in model(torch.tensor([ids])).logits[0][:, picked].tolist()]
        rows.append(row)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    answer = tokenizer(ANSWER, add_special_tokens=False)["input_ids"] + [end]
    training = training_gradients(model, rows[0]["ids"], answer)
    pathlib.Path(out).write_text(json.dumps({"picked": picked.tolist(), "rows": rows, "answer": ANSWER, "training": training}))


main(*sys.argv[1:])
