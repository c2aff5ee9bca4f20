#!/usr/bin/env python3
"""An adapter that the binary ($DORMOUSE) trained, in Python's peft: merged by peft it gives the weights that Dormouse merged."""
import os
import pathlib
import subprocess
import sys
import tempfile

from support import HOME, PYTHON, has_modules

RANK = 4

COMPARE = """
import sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
base, adapter, merged = sys.argv[1:]
load = lambda folder: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
plain = load(base).state_dict()
theirs = PeftModel.from_pretrained(load(base), adapter).merge_and_unload().state_dict()
ours = load(merged).state_dict()
assert theirs.keys() == ours.keys(), "other names"
moved = [name for name in ours if not torch.equal(ours[name], plain[name])]
worst = max((theirs[name] - ours[name]).abs().max().item() for name in ours)
print(f"{len(moved)} of {len(ours)} matrices differ from the base's; peft's and ours differ by {worst:.2e} at most")
sys.exit(0 if len(moved) == 7 * 30 and worst < 1e-6 else 1)
"""


def main():
    if not has_modules("peft"):
        print("skipped: no peft in .venv; scripts/setup --test installs it")
        return 77
    dormouse = os.environ["DORMOUSE"]
    with tempfile.TemporaryDirectory(prefix="dormouse-peft-") as folder:
        sets = [f"stages.organism.plant.adapter_rank={RANK}", "stages.organism.plant.save_as=f32"]
        subprocess.run(
            [dormouse, "run", HOME / "recipes/smoke/first.yaml", "--store", f"{folder}/store", "--out", f"{folder}/out"]
            + [word for one in sets for word in ("--set", one)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([dormouse, "model", "import", "smollm2-135m-instruct", f"{folder}/base", "--dtype", "f32"], check=True)
        merged = pathlib.Path(f"{folder}/out/models/organism").resolve()
        return subprocess.run([PYTHON, "-c", COMPARE, f"{folder}/base", merged.parent / "adapter", merged]).returncode


sys.exit(main())
