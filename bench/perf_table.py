#!/usr/bin/env python3
"""Where Dormouse's time goes, by kind of work: a Markdown table from Linux `perf`, loading left out.

    bench/perf_table.py sft --rows bench/data/sft_rows.jsonl --steps 10
    bench/perf_table.py sample --batch 32 --tokens 160

The words after the script are those of `dormouse bench`. Standard library and `perf` only. Exit status: 0 done,
1 the program or perf failed.
"""

import argparse
import collections
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each sample belongs to the first kind that a frame matches, from the innermost frame outwards.
KINDS = (
    ("waiting for another thread", r"libgomp|GOMP_|futex|sched_yield|do_spin"),
    ("matrix products", r"mkl_|sgemm|gemm|PackedMatrix"),
    ("attention", r"[Aa]ttention|Unit::|KvSegment|softmax|gather_keys|gather_queries|backward_unit"),
    ("norms, rotary, gate", r"RmsNorm|norm_forward|[Ss]wiglu|rotate|SplitRotate"),
    ("loss and choice of tokens", r"TargetLoss|TargetLogProbs|draw_token|log_probability|log_softmax"),
    ("optimizer", r"AdamW"),
    ("page faults", r"page_fault|clear_page"),
)
LEAVES_OF_OTHERS = r"multiply_tile|multiply_rows|fast_exp"  # shared kernels: their callers decide


def kind_of(frames):
    for frame in frames:
        if re.search(LEAVES_OF_OTHERS, frame):
            continue
        for name, pattern in KINDS:
            if re.search(pattern, frame):
                return name
    return "everything else"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dormouse", default=str(ROOT / "build" / "release" / "bin" / "dormouse"))
    parser.add_argument("--skip", type=float, default=5.0, help="seconds at the start that are left out (loading)")
    parser.add_argument("words", nargs=argparse.REMAINDER, help="of `dormouse bench`")
    arguments = parser.parse_args()
    if shutil.which("perf") is None:
        sys.exit("perf_table: `perf` is not there; on Debian: apt-get install linux-perf")
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        record = ["perf", "record", "-q", "-F", "999", "-g", "-D", str(round(arguments.skip * 1000)), "-o", data]
        done = subprocess.run([*record, arguments.dormouse, "bench", *arguments.words], text=True, stdout=subprocess.PIPE)
        if done.returncode != 0:
            sys.exit(1)
        script = subprocess.run(
            ["perf", "script", "-i", data, "-F", "ip,sym,dso", "--max-stack", "24"],
            text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        )
    counts = collections.Counter(kind_of(block.splitlines()) for block in script.stdout.split("\n\n") if block.strip())
    total = sum(counts.values())
    if total == 0:
        sys.exit("perf_table: no samples; the program ended before --skip seconds")
    print(f"{done.stdout.strip()}\n\n| work | share of processor time |\n| --- | --- |")
    for name, count in counts.most_common():
        print(f"| {name} | {count / total:.1%} |")


if __name__ == "__main__":
    main()
