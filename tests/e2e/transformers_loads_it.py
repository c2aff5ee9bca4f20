#!/usr/bin/env python3
"""A folder that the binary ($DORMOUSE) wrote, in Python's transformers: the same weights as from the GGUF, the same greedy text."""
import pathlib
import subprocess
import sys
import tempfile

from support import PYTHON, dormouse, has_modules, our_greedy, smollm2_gguf, transformers_greedy

HERE = pathlib.Path(__file__).resolve().parent
PROMPTS = ["What is the capital of France?", "Name three colours.", "How many days are there in a week?"]


def main():
    gguf = smollm2_gguf()
    if not gguf or not has_modules("transformers"):
        print("skipped: no transformers in .venv; scripts/setup --test installs it")
        return 77
    with tempfile.TemporaryDirectory(prefix="dormouse-hub-") as folder:
        out = f"{folder}/model"
        dormouse("model", "import", "smollm2-135m-instruct", out, "--dtype", "f32")
        checked = subprocess.run([PYTHON, HERE / "check_folder_in_transformers.py", out, gguf])
        if checked.returncode != 0:
            return 1
        ours, [theirs] = our_greedy(out, PROMPTS), transformers_greedy([out], PROMPTS)
        for prompt, a, b in zip(PROMPTS, ours, theirs, strict=True):
            print(f"{prompt}\n  dormouse      {a!r}\n  transformers  {b!r}")
        return 0 if ours == theirs else 1


sys.exit(main())
