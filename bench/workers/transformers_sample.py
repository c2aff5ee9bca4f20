"""Sampling with transformers `generate`: one static batch, greedy, no early stop. --dtype fp32 or bf16."""

import time

import common

arguments = common.parse_arguments("sample")
torch = common.quiet_torch(arguments.threads)

tokenizer, model = common.load_for_sampling(arguments.dtype)
ids = torch.tensor(
    common.token_windows(lambda text: tokenizer(text)["input_ids"], arguments.batch, arguments.prompt_tokens)
)
mask = torch.ones_like(ids)


def generate(tokens):
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            do_sample=False,
            max_new_tokens=tokens,
            pad_token_id=tokenizer.pad_token_id,
        )
    if out.shape != (arguments.batch, arguments.prompt_tokens + tokens):
        raise SystemExit(f"generate stopped early: {tuple(out.shape)}")
    return out


generate(4)
passes, started = 0, time.perf_counter()
while passes == 0 or time.perf_counter() - started < arguments.min_seconds:
    out = generate(arguments.tokens)
    passes += 1
common.emit(
    "sample",
    passes * arguments.batch * arguments.tokens,
    time.perf_counter() - started,
    arguments,
    first_row=out[0, arguments.prompt_tokens :].tolist()[:8],
)
