"""What the measured programs share: arguments, the rows, and the one JSON object that each prints at its end.

Every worker is one process and one measurement. Loading and the first step or a warm-up are not timed.
"""

import argparse
import json
import os
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
HUB_FOLDER = BENCH / "models" / "hub"
PROMPT_TEXTS = BENCH.parent / "prompts" / "clean-text" / "test.jsonl"


def parse_arguments(kind):
    """kind is 'sft', 'sample', 'prefix' or 'policy'; the options are those of `dormouse bench`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dtype", default="fp32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    if kind in ("sft", "policy"):
        parser.add_argument("--rows", type=Path, required=True)
        parser.add_argument("--steps", type=int, default=6)
    if kind != "policy":
        parser.add_argument("--batch", type=int, default=8)
    if kind != "sft":
        parser.add_argument("--tokens", type=int, default=64)
    if kind in ("sample", "prefix"):
        parser.add_argument("--prompt-tokens", type=int, default=32)
    if kind == "sft":
        parser.add_argument("--packed", action="store_true")
    if kind == "sample":
        parser.add_argument(
            "--min-seconds", type=float, default=2.0, help="repeat the pass until this has gone by"
        )
    if kind == "prefix":
        parser.add_argument("--prefix-tokens", type=int, default=5900)
        parser.add_argument("--queries", type=int, default=200)
        parser.add_argument("--cached", action="store_true", help="keep the prefix's keys and values by hand")
    if kind == "policy":
        parser.add_argument("--prompts", type=int, default=16)
        parser.add_argument("--samples", type=int, default=4)
    return parser.parse_args()


def quiet_torch(threads):
    """Sets threads and keeps progress bars and the network away; returns torch."""
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false")
    import torch
    import transformers

    torch.set_num_threads(threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return torch


def load_for_sampling(dtype):
    """(tokenizer, model) with transformers; nothing ends a completion early. dtype is 'fp32' or 'bf16'."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    weights = {"fp32": torch.float32, "bf16": torch.bfloat16}[dtype]
    model = AutoModelForCausalLM.from_pretrained(HUB_FOLDER, dtype=weights).eval()
    model.generation_config.eos_token_id = None
    return AutoTokenizer.from_pretrained(HUB_FOLDER), model


def step_clock():
    """A Trainer callback whose `ends` are the times at which optimizer steps ended."""
    import time

    from transformers import TrainerCallback

    class StepClock(TrainerCallback):
        def __init__(self):
            self.ends = []

        def on_step_end(self, args, state, control, **kwargs):
            self.ends.append(time.perf_counter())

    return StepClock()


def read_rows(path, count):
    """The first count rows as (prompt, answer). The file's first line is its header."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    if len(lines) < count:
        raise SystemExit(f"{path.name} has {len(lines)} rows, but {count} are needed: use fewer --steps")
    rows = [json.loads(line) for line in lines[:count]]
    return [(row["prompt"], row["answer"]) for row in rows]


def token_windows(tokenize, count, length):
    """count prompts of length tokens, cut one after the other from the clean texts: none shares a prefix."""
    texts = [json.loads(line)["text"] for line in PROMPT_TEXTS.read_text(encoding="utf-8").splitlines()[1:]]
    ids = tokenize(" ".join(texts))
    if len(ids) < count * length:
        raise SystemExit(f"the clean texts give {len(ids)} tokens, but {count} x {length} are needed")
    return [ids[i * length : (i + 1) * length] for i in range(count)]


def peak_memory_mib():
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024)
    return None


def emit(work, tokens, seconds, arguments, **more):
    print(
        json.dumps(
            {
                "work": work,
                "tokens": tokens,
                "seconds": round(seconds, 4),
                "tokens_per_second": round(tokens / seconds, 3),
                "dtype": arguments.dtype,
                "threads": arguments.threads,
                "peak_memory_mib": peak_memory_mib(),
                **more,
            }
        )
    )
    sys.stdout.flush()
