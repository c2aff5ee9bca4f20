#!/usr/bin/env python3
"""Writes bench/data/sft_rows.jsonl: prompts of everyday/train with fixed answers cut from clean-text/test.

The answers do not fit the prompts: only speed is measured. Each row, rendered with the model's chat template,
has 70 to 110 tokens, about 90 on average. Runs in bench/.venv after bench/models.py. --check compares with
the file. Format: JSON Lines; a header line, then {"id", "prompt", "answer"}.
"""

import argparse
import json
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PROMPTS = BENCH.parent / "prompts"
ROWS_FILE = BENCH / "data" / "sft_rows.jsonl"
ROW_COUNT = 240
SHORTEST, SPREAD, STRIDE = 70, 41, 17  # row i aims at SHORTEST + (i * STRIDE) % SPREAD tokens


def read_set(path):
    header, *rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return header, rows


def make_rows(count_tokens):
    """count_tokens(prompt, answer) gives (all tokens, target tokens). Returns the header and the rows."""
    header, prompts = read_set(PROMPTS / "everyday" / "train.jsonl")
    words = " ".join(row["text"] for row in read_set(PROMPTS / "clean-text" / "test.jsonl")[1]).split()
    next_word, total, targets, rows = 0, 0, 0, []
    for prompt in prompts:
        if len(rows) == ROW_COUNT:
            break
        aim = SHORTEST + (len(rows) * STRIDE) % SPREAD
        if count_tokens(prompt["text"], "")[0] > aim - 5:
            continue  # the prompt alone fills the row
        answer = []
        while count_tokens(prompt["text"], " ".join(answer))[0] < aim:
            answer.append(words[next_word % len(words)])
            next_word += 1
        row_total, row_targets = count_tokens(prompt["text"], " ".join(answer))
        total, targets = total + row_total, targets + row_targets
        rows.append(
            {"id": f"bench-sft-{len(rows) + 1:04d}", "prompt": prompt["text"], "answer": " ".join(answer)}
        )
    return {
        "canary": header["canary"],
        "set": "bench/sft",
        "rows": len(rows),
        "license": header["license"],
        "tokens": total,
        "targets": targets,
    }, rows


def main():
    parser = argparse.ArgumentParser(description="Write bench/data/sft_rows.jsonl.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
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

    header, rows = make_rows(count_tokens)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [header, *rows])
    if arguments.check:
        same = ROWS_FILE.read_text(encoding="utf-8") == text
        print("up to date" if same else "out of date: run bench/make_rows.py", file=sys.stderr)
        return 0 if same else 1
    ROWS_FILE.write_text(text, encoding="utf-8")
    print(f"{len(rows)} rows, {header['tokens'] / len(rows):.1f} tokens each", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
