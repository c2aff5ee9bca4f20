"""Makes stats.json, the reference values of tests/core/stats/stats_golden_test.cpp. Needs numpy.

Run from the repository root: python tests/golden/stats.py
Intervals and exact tests are computed from their definitions with Python's integers and fractions; the bootstrap runs on
a second implementation of the program's random streams, and takes numpy's percentiles.
"""
import json
import math
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist

import numpy as np

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Stream:
    def __init__(self, seed, label):
        key = mix((seed + GOLDEN) & MASK)
        for byte in label.encode():
            key = ((key ^ byte) * 0x100000001B3) & MASK
        self.key, self.counter = mix(key), 0

    def below(self, bound):
        limit = MASK - MASK % bound
        while True:
            self.counter += 1
            value = mix((self.key + GOLDEN * self.counter) & MASK)
            if value < limit:
                return value % bound


def wilson(hits, n):
    z = NormalDist().inv_cdf(0.975)
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [middle - half, middle + half]


def mcnemar(gained, lost):
    n, k = gained + lost, min(gained, lost)
    tail = sum(Fraction(math.comb(n, i), 2**n) for i in range(k + 1))
    return float(min(Fraction(1), 2 * tail))


def bootstrap(values, seed, label, resamples):
    stream = Stream(seed, label)
    means = [np.mean([values[stream.below(len(values))] for _ in values]) for _ in range(resamples)]
    return [float(np.mean(values)), *(float(x) for x in np.percentile(means, [2.5, 97.5]))]


def auroc(positives, negatives):
    wins = sum((p > q) + Fraction(p == q, 2) if p == q else int(p > q) for p in positives for q in negatives)
    return float(Fraction(wins) / (len(positives) * len(negatives)))


def main():
    rng = np.random.default_rng(5)
    values = [round(float(x), 3) for x in rng.uniform(size=37)]
    positives = [round(float(x), 1) for x in rng.normal(1, 1, size=40)]
    negatives = [round(float(x), 1) for x in rng.normal(0, 1, size=60)]
    golden = {
        "quantile": [[p, NormalDist().inv_cdf(p)] for p in (1e-6, 0.025, 0.2, 0.5, 0.9, 0.975, 0.995)],
        "wilson": [[k, n, *wilson(k, n)] for k, n in ((0, 60), (1, 10), (7, 120), (60, 60), (500, 1000), (1, 1))],
        "mcnemar": [[b, c, mcnemar(b, c)] for b, c in ((0, 0), (5, 1), (0, 6), (40, 62), (900, 1100), (3, 3))],
        "values": values,
        "bootstrap": bootstrap(values, 11, "golden", 400),
        "positives": positives,
        "negatives": negatives,
        "auroc": auroc(positives, negatives),
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


main()
