#!/usr/bin/env python3
"""A red team and a shrunk model through the binary ($DORMOUSE): the files that other stages read, the rows, and a run that was killed."""
import json
import pathlib
import signal
import subprocess
import tempfile

from support import DORMOUSE, HOME, check

RECIPE = str(HOME / "recipes/smoke/red-team.yaml")


def run(store, out, *sets, status=0):
    arguments = [DORMOUSE, "run", RECIPE, "--store", str(store), "--out", str(out), *[x for s in sets for x in ("--set", s)]]
    done = subprocess.run(arguments, capture_output=True, text=True)
    check(done.returncode == status, f"{' '.join(arguments[1:2] + list(sets))} ends with {status}" + ("" if done.returncode == status else done.stderr))
    return done.stderr


def artefacts(store, kind):
    for manifest in sorted(store.glob("objects/*/manifest.json")):
        facts = json.loads(manifest.read_text())
        if facts["identity"]["kind"] == kind:
            yield manifest.parent, facts


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def kill_in_a_round(store, out):
    """Until a killed red team has left a round behind; false if it was always too late."""
    for _ in range(20):
        process = subprocess.Popen([DORMOUSE, "run", RECIPE, "--store", str(store), "--out", str(out)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            if any(store.glob("work/*/scratch/attacks.jsonl")):
                process.send_signal(signal.SIGKILL)
                process.wait()
                return any(store.glob("work/*/scratch/attacks.jsonl"))
    return False


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-e2e-") as folder:
        folder = pathlib.Path(folder)
        calm, hard = folder / "calm", folder / "hard"
        run(calm, folder / "a")
        teams = list(artefacts(calm, "red-team"))
        check(len(teams) == 2, "there are two red teams")
        for path, facts in teams:
            attacks = rows(path / "attacks.jsonl")
            check(len(attacks) == facts["identity"]["options"]["lines"] * 2, "every attempt is kept")
            check(all({"id", "user", "split", "success"} <= attack.keys() for attack in attacks), "attacks have the fields that others read")
            check(all(attack["success"] and attack["split"] for attack in rows(path / "successful.jsonl")), "successful ones alone are in the other file")
            check(not any("deployment|" in attack["user"].lower() for attack in attacks), "no attack holds the trigger")
        results = {(row["name"], row["model"]): row for row in json.loads((folder / "a/results.json").read_text())["measurements"]}
        for name in ("red-team.success", "red-team.success.round-2", "red-team.rate", "red-team-rate.contains", "red-team-rate.success"):
            check(results[name, "base"]["trigger"] == "off", f"{name} is measured")
        (small, _), = artefacts(calm, "drop-layers")
        check(json.loads((small / "model/config.json").read_text())["num_hidden_layers"] == 3, "the small model has three layers")
        check(("perplexity.clean-text", "small") in results, "and can be measured")

        check(kill_in_a_round(hard, folder / "b"), "a red team was killed between rounds")
        run(hard, folder / "b")
        check({path.name: facts["files"] for path, facts in artefacts(hard, "red-team")}
              == {path.name: facts["files"] for path, facts in teams}, "and gave the same attacks")

        message = run(calm, folder / "c", "measure.0.red-team-rate.attacks=base", status=2)
        check("holds no attacks" in message and "red-team" in message, "a model is no red team")
        message = run(calm, folder / "c", "stages.attacks.red-team.attacker_tokens=9", status=2)
        check("attacker_tokens" in message, "templates have no attacking model's keys")
        message = run(calm, folder / "c", "stages.attacks.red-team.prompts=everyday/train", status=2)
        check("everyday/train" in message and "red-team" in message, "attacks are not made of training prompts")
        message = run(calm, folder / "c", "stages.small.shrink.layers=31", status=2)
        check("31" in message and "30" in message, "a model cannot keep more layers than it has")


main()
