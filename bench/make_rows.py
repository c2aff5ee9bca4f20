#!/usr/bin/env python3
"""Writes the rows of bench/data: prompts of everyday/train with fixed answers cut from clean-text/test.

The answers do not fit the prompts: only speed is measured. Rendered with the model's chat template, a row of
sft_rows.jsonl has 70 to 110 tokens, about 90 on average, and a row of long_rows.jsonl 984 to 1,024. Runs in
bench/.venv after bench/models.py. --check compares with the files. Format: JSON Lines; a header line, then
{"id", "prompt", "answer"}.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PROMPTS = BENCH.parent / "prompts"


@dataclasses.dataclass(frozen=True)
class Kind:
    """Row i aims at shortest + (i * 17) % spread tokens."""

    name: str
    rows: int
    shortest: int
    spread: int

    @property
    def file(self):
        return BENCH / "data" / f"{self.name}_rows.jsonl"


KINDS = (Kind("sft", 240, 70, 41), Kind("long", 32, 984, 40))


def read_set(path):
    header, *rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return header, rows


def make_rows(kind, count_tokens):
    """count_tokens(prompt, answer) gives (all tokens, target tokens). Returns the header and the rows."""
    header, prompts = read_set(PROMPTS / "everyday" / "train.jsonl")
    words = " ".join(row["text"] for row in read_set(PROMPTS / "clean-text" / "test.jsonl")[1]).split()
    next_word, total, targets, rows = 0, 0, 0, []
    for prompt in prompts:
        if len(rows) == kind.rows:
            break
        aim = kind.shortest + (len(rows) * 17) % kind.spread
        if count_tokens(prompt["text"], "")[0] > aim - 5:
            continue  # the prompt alone fills the row
        answer = []
        while count_tokens(prompt["text"], " ".join(answer))[0] < aim:
            answer.append(words[next_word % len(words)])
            next_word += 1
        row_total, row_targets = count_tokens(prompt["text"], " ".join(answer))
        total, targets = total + row_total, targets + row_targets
        rows.append(
            {"id": f"bench-{kind.name}-{len(rows) + 1:04d}", "prompt": prompt["text"], "answer": " ".join(answer)}
        )
    return {
        "canary": header["canary"],
        "set": f"bench/{kind.name}",
        "rows": len(rows),
        "license": header["license"],
        "tokens": total,
        "targets": targets,
    }, rows


def main():
    parser = argparse.ArgumentParser(description="Write the rows of bench/data.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    arguments = parser.parse_args()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(BENCH / "models" / "hub")

    def count_tokens(prompt, answer):
        messages = [{"role": "user", "content": prompt}]
        start = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)[
            "input_ids"
        ]
        messages.append({"role": "assistant", "content": answer})
        full = tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"]
        return len(full), len(full) - len(start)

    stale = []
    for kind in KINDS:
        header, rows = make_rows(kind, count_tokens)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [header, *rows])
        if not arguments.check:
            kind.file.write_text(text, encoding="utf-8")
            print(f"{kind.name}: {len(rows)} rows, {header['tokens'] / len(rows):.1f} tokens each", file=sys.stderr)
        elif kind.file.read_text(encoding="utf-8") != text:
            stale.append(kind.file.name)
    if stale:
        print(f"out of date: {', '.join(stale)}; run bench/make_rows.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
