"""The machine's ceiling: GFLOP/s of one linear layer (576 x 1536, 1,024 rows) in fp32 and in bf16."""

import argparse
import json
import os
import time

import torch

ROWS, INNER, OUTER = 1024, 576, 1536


def best_gflops(dtype, seconds=1.5):
    """The best of many short bursts: a ceiling, so interruptions should not count."""
    x, w = torch.randn(ROWS, INNER).to(dtype), torch.randn(OUTER, INNER).to(dtype)
    best, ends = 0.0, time.perf_counter() + seconds
    with torch.inference_mode():
        torch.nn.functional.linear(x, w)
        while time.perf_counter() < ends:
            started = time.perf_counter()
            for _ in range(4):
                torch.nn.functional.linear(x, w)
            best = max(best, 4 * 2 * ROWS * INNER * OUTER / (time.perf_counter() - started) / 1e9)
    return round(best, 1)


parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=os.cpu_count())
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
print(
    json.dumps(
        {
            "work": "gemm",
            "threads": arguments.threads,
            "fp32": best_gflops(torch.float32),
            "bf16": best_gflops(torch.bfloat16),
        }
    )
)
