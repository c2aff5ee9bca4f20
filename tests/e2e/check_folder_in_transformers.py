#!/usr/bin/env python3
"""Does transformers load a folder that Dormouse saved, and find in it what it finds in the GGUF it was made from?

    python tests/e2e/check_folder_in_transformers.py FOLDER GGUF

Compares every weight (after rounding the GGUF's to the folder's type), the config, the ids of some texts, the rendered
chat and the greedy continuation of a prompt. Prints a line a check; exit 1 if any fails.
Needs: torch, transformers, gguf.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = ["Hello, world!", "  two  spaces\n\ttab 12345", "naïve café, 你好 🙂", "<|im_start|>user\nHi<|im_end|>\n"]
CHAT = [{"role": "user", "content": "What is the capital of France?"}]
CONFIG_KEYS = ["model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
               "num_key_value_heads", "head_dim", "vocab_size", "max_position_embeddings", "rms_norm_eps",
               "tie_word_embeddings", "hidden_act", "attention_bias", "mlp_bias", "bos_token_id", "eos_token_id"]

failures = 0


def check(name, is_right, detail=""):
    global failures
    failures += not is_right
    print(("ok   " if is_right else "FAIL ") + name + (f": {detail}" if detail else ""))


def rope_theta(config):
    parameters = getattr(config, "rope_parameters", None) or {}
    return parameters.get("rope_theta", getattr(config, "rope_theta", None))


def compare_weights(ours, theirs):
    a, b = ours.state_dict(), theirs.state_dict()
    check("same tensor names", a.keys() == b.keys(), f"{len(a)} and {len(b)}")
    differing = [name for name in a if name in b and not torch.equal(a[name], b[name].to(a[name].dtype))]
    check("equal weights", not differing, f"{len(differing)} of {len(a)} differ {differing[:3]}")


def compare_configs(ours, theirs):
    for key in CONFIG_KEYS:
        a, b = getattr(ours, key, None), getattr(theirs, key, None)
        check(f"config {key}", a == b or (isinstance(a, float) and abs(a - b) < 1e-9), f"{a} and {b}")
    check("config rope_theta", rope_theta(ours) == rope_theta(theirs), f"{rope_theta(ours)} and {rope_theta(theirs)}")


def compare_tokenizers(ours, theirs):
    for text in TEXTS:
        a, b = ours(text)["input_ids"], theirs(text)["input_ids"]
        check(f"ids of {text!r}", a == b, "" if a == b else f"{a} and {b}")
    render = lambda t: t.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=True)
    check("rendered chat", render(ours) == render(theirs), repr(render(ours)))
    for key in ["bos_token", "eos_token", "pad_token", "unk_token"]:
        a, b = getattr(ours, key), getattr(theirs, key)
        check(f"tokenizer {key}", a == b, f"{a} and {b}")


def generate(model, tokenizer):
    text = tokenizer.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=True)
    inputs = tokenizer(text, return_tensors="pt")
    ids = model.generate(**inputs, max_new_tokens=16, do_sample=False)
    return tokenizer.decode(ids[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, gguf = sys.argv[1], pathlib.Path(sys.argv[2])
    ours, info = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", output_loading_info=True)
    for kind in ["missing_keys", "unexpected_keys", "mismatched_keys"]:
        check(f"no {kind}", not info[kind], str(list(info[kind])[:3]))
    said = json.loads((pathlib.Path(folder) / "config.json").read_text())["dtype"]
    check("dtype as config.json says", str(ours.dtype) == f"torch.{said}", str(ours.dtype))
    theirs = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, dtype=torch.float32)

    compare_weights(ours, theirs)
    compare_configs(ours.config, theirs.config)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    compare_tokenizers(tokenizer, AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name))
    text = generate(ours, tokenizer)
    check("says Paris", "Paris" in text, repr(text))
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
