#!/usr/bin/env python3
"""The smallest experiment through the binary ($DORMOUSE): undisturbed, killed and resumed, changed, and its report in Chromium."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from support import check, dormouse, files_of, run_with_kills

HERE = pathlib.Path(__file__).resolve().parent
RECIPE = str(HERE.parent.parent / "recipes/smoke/first.yaml")


def steady(results):
    """What must not differ between runs: everything but times, ids and the machine."""
    return {key: results[key] for key in ("measurements", "models", "scorecard")}


def states(store, *sets):
    lines = dormouse("plan", RECIPE, "--store", str(store), "--json", *[x for s in sets for x in ("--set", s)]).splitlines()
    return {row["stage"]: row["state"] for row in map(json.loads, lines) if "stage" in row}


def check_dropping(store, whole, folder, results):
    """Models that nothing needs leave the store, and come back, to the bit, when something does."""
    dormouse("run", RECIPE, "--store", str(store), "--out", str(folder / "e"), "--drop-weights")
    check(not list(store.glob("objects/**/*.safetensors")), "--drop-weights leaves no model in the store")
    check(not list((folder / "e/models").glob("*")), "nor a link to one beside the report")
    check(steady(json.loads((folder / "e/results.json").read_text())) == steady(results), "and the same results")
    check(set(states(store).values()) == {"stored"}, "so that nothing is to do")
    change = "stages.after-sft.defend.learning_rate=1e-5"
    to_do = {stage for stage, state in states(store, change).items() if state != "stored"}
    check("organism/fine-tune#1" in to_do and "persistence/organism#1" not in to_do, "but what a change needs is to be made again")
    dormouse("run", RECIPE, "--store", str(store), "--out", str(folder / "f"), "--set", change)
    check(files_of(whole).items() <= files_of(store).items(), "and is, to the same bytes")


def check_archive(folder, results):
    """The results of a run travel in one file; elsewhere nothing is made for them, and the rest is."""
    archive, elsewhere = folder / "results.jsonl.gz", folder / "elsewhere"
    dormouse("archive", archive, "--store", folder / "calm")
    check(dormouse("restore", archive, "--store", elsewhere).startswith(f"{len(states(folder / 'calm'))} stages restored"),
          "an archive of a run brings every stage of it to another store")
    dormouse("run", RECIPE, "--store", elsewhere, "--out", folder / "g", "--stored-only")
    check(steady(json.loads((folder / "g/results.json").read_text())) == steady(results), "which has the same results")
    check(not list(elsewhere.glob("objects/**/*.safetensors")), "without a model")
    change = ("--set", "stages.after-sft.defend.learning_rate=2e-5")
    dormouse("run", RECIPE, "--store", elsewhere, "--out", folder / "h", "--stored-only", *change)
    rows = json.loads((folder / "h/results.json").read_text())["measurements"]
    check({row["model"] for row in rows} == {"base", "organism"}, "--stored-only reports on what is there, and makes nothing")
    archive.write_bytes(archive.read_bytes()[:-40])
    dormouse("restore", archive, "--store", folder / "broken", status=2)
    check(not list((folder / "broken/objects").glob("*")), "a truncated archive is refused before anything is taken in")


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-e2e-") as folder:
        folder = pathlib.Path(folder)
        calm, hard = folder / "calm", folder / "hard"
        report = pathlib.Path(dormouse("run", RECIPE, "--store", str(calm), "--out", str(folder / "a")).strip())
        check(report.exists(), "a run prints the path of its report")
        results = json.loads((folder / "a/results.json").read_text())
        names = {(row["name"], row["model"], row["trigger"]) for row in results["measurements"]}
        for model in ("base", "organism", "after-sft"):
            for trigger in ("on", "off"):
                check(("persistence.contains", model, trigger) in names, f"{model}, trigger {trigger}, is measured")
        check(any(name == "perplexity.clean-text" for name, _, _ in names), "perplexity is measured")
        check((folder / "a/transcripts.jsonl").exists(), "transcripts are written")
        check("E7-on" in (folder / "a/scorecard.md").read_text(), "and the scorecard, to be committed")

        start = time.time()
        dormouse("run", RECIPE, "--store", str(calm), "--out", str(folder / "b"))
        check(time.time() - start < 30, "a second run takes what is stored")
        again = json.loads((folder / "b/results.json").read_text())
        check(steady(again) == steady(results), "and gives the same results")
        check(set(states(calm).values()) == {"stored"}, "the plan says so")

        changed = states(calm, "stages.after-sft.defend.learning_rate=1e-5")
        to_do = {stage for stage, state in changed.items() if state != "stored"}
        check(to_do and all("after-sft" in stage for stage in to_do), f"one changed option re-runs what depends on it: {sorted(to_do)}")

        kills = run_with_kills(RECIPE, hard, folder / "c", (2.0, 4.0, 6.0, 9.0, 13.0))
        check(kills >= 2, f"the run was killed {kills} times")
        check(files_of(hard) == files_of(calm), "and gave the same bytes of weights, data and rows")
        check(steady(json.loads((folder / "c/results.json").read_text())) == steady(results), "and the same results")

        victim = next(calm.glob("objects/*/model/model.safetensors"))
        with open(victim, "r+b") as file:
            file.seek(1000)
            file.write(b"damaged")
        dormouse("run", RECIPE, "--store", str(calm), "--out", str(folder / "d"))
        check(files_of(calm) == files_of(hard), "a damaged artefact is noticed and made again")
        check_archive(folder, results)
        check_dropping(calm, hard, folder, results)

        code = subprocess.run([sys.executable, str(HERE / "check_report.py"), str(report)]).returncode
        if code == 77:
            print("skipped: no Chromium for the report")
        else:
            check(code == 0, "the report works in Chromium")


main()
