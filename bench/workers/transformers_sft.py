"""SFT as written by hand with transformers: padded batches, logits at the target positions only.

--dtype: fp32; bf16 = autocast over fp32 weights; bf16-weights = everything in bf16.
"""

import contextlib
import time

import common

arguments = common.parse_arguments("sft")
torch = common.quiet_torch(arguments.threads)

from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402


def tokenize(tokenizer, prompt, answer):
    """Token ids and labels of one row; labels are -100 on the prompt."""
    messages = [{"role": "user", "content": prompt}]
    start = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
    messages.append({"role": "assistant", "content": answer})
    full = tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"]
    return full, [-100] * len(start) + full[len(start) :]


def collate(rows, pad):
    width = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in rows])
    labels = torch.tensor([labels + [-100] * (width - len(labels)) for _, labels in rows])
    mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows])
    return ids, mask, labels


def run_step(model, optimizer, batch):
    ids, mask, labels = batch
    autocast = (
        torch.autocast("cpu", torch.bfloat16) if arguments.dtype == "bf16" else contextlib.nullcontext()
    )
    with autocast:
        hidden = model.model(input_ids=ids, attention_mask=mask).last_hidden_state[:, :-1]
        wanted = labels[:, 1:] != -100
        logits = model.lm_head(hidden[wanted])
    loss = torch.nn.functional.cross_entropy(logits.float(), labels[:, 1:][wanted])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


tokenizer = AutoTokenizer.from_pretrained(common.HUB_FOLDER)
weights = torch.bfloat16 if arguments.dtype == "bf16-weights" else torch.float32
model = AutoModelForCausalLM.from_pretrained(common.HUB_FOLDER, dtype=weights).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, fused=True)
rows = [
    tokenize(tokenizer, *row) for row in common.read_rows(arguments.rows, arguments.steps * arguments.batch)
]
batches = [
    collate(rows[i : i + arguments.batch], tokenizer.pad_token_id)
    for i in range(0, len(rows), arguments.batch)
]

run_step(model, optimizer, batches[0])
started = time.perf_counter()
for batch in batches[1:]:
    run_step(model, optimizer, batch)
seconds = time.perf_counter() - started
timed = batches[1:]
common.emit(
    "sft",
    sum(int(mask.sum()) for _, mask, _ in timed),
    seconds,
    arguments,
    targets=sum(int((labels != -100).sum()) for *_, labels in timed),
    cells=sum(ids.numel() for ids, *_ in timed),
)
