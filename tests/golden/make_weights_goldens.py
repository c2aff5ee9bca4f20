#!/usr/bin/env python3
"""Writes weights_blocks.json beside this script: blocks of every GGUF element type that Dormouse reads, with their values
as the `gguf` Python package dequantises them (bit patterns, as hex).

Half of each case is quantised from random numbers, where the package can; the rest is random bytes with finite scales, so
that every bit of a block matters. Needs: pip install gguf numpy.   Run: python tests/golden/make_weights_goldens.py
"""

import json
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

ELEMENTS = 1024
# Byte offsets of the halves (scales, minima) inside a block of random bytes.
HALVES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0],
    Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
}


def finite_halves(rng, count):
    """Random halves without infinities and NaNs, one in eight of them subnormal."""
    bits = rng.integers(0, 1 << 16, count, dtype=np.uint16)
    bits[(bits & 0x7C00) == 0x7C00] ^= 0x4000
    bits[::8] &= 0x83FF
    return bits


def random_blocks(rng, kind, count):
    size = gguf.GGML_QUANT_SIZES[kind][1]
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for at in HALVES[kind]:
        blocks[:, at:at + 2] = finite_halves(rng, count).view(np.uint8).reshape(count, 2)
    return blocks


def quantised(rng, kind, elements):
    values = (rng.standard_normal(elements) * 0.1).astype(np.float32)
    return gguf.quants.quantize(values.reshape(1, -1), kind).reshape(-1, gguf.GGML_QUANT_SIZES[kind][1])


def blocks_of(rng, kind):
    if kind == Type.F32:
        return rng.standard_normal(ELEMENTS).astype(np.float32).view(np.uint8)
    if kind == Type.F16:
        return finite_halves(rng, ELEMENTS).view(np.uint8)
    if kind == Type.BF16:
        return (rng.standard_normal(ELEMENTS).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    per_block = gguf.GGML_QUANT_SIZES[kind][0]
    if kind in (Type.Q4_K, Type.Q5_K, Type.Q6_K):  # the package does not quantise these
        return random_blocks(rng, kind, ELEMENTS // per_block)
    half = ELEMENTS // 2
    return np.concatenate([quantised(rng, kind, half), random_blocks(rng, kind, half // per_block)])


def values_of(kind, blocks):
    flat = np.ascontiguousarray(blocks).reshape(-1)
    if kind == Type.F32:
        return flat.view(np.float32)
    if kind == Type.F16:
        return flat.view(np.float16).astype(np.float32)
    return gguf.quants.dequantize(flat.reshape(1, -1), kind).reshape(-1)


def main():
    cases = []
    for kind in [Type.F32, Type.F16, Type.BF16, *HALVES]:
        blocks = blocks_of(np.random.default_rng(int(kind)), kind)
        values = np.ascontiguousarray(values_of(kind, blocks), dtype=np.float32)
        assert values.size == ELEMENTS and np.isfinite(values).all(), kind
        cases.append({"name": kind.name, "id": int(kind), "blocks": blocks.tobytes().hex(),
                      "f32": values.tobytes().hex()})
    out = pathlib.Path(__file__).with_name("weights_blocks.json")
    out.write_text(json.dumps({"cases": cases}, indent=0) + "\n")
    print(out, out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
