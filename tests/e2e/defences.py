#!/usr/bin/env python3
"""Preference models, reinforcement learning and other defences at the smallest size, undisturbed, and killed and resumed."""
import json
import pathlib
import tempfile

from support import check, dormouse, files_of, run_with_kills

RECIPE = pathlib.Path(__file__).resolve().parent.parent.parent / "recipes/smoke/rl.yaml"


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-e2e-") as folder:
        folder = pathlib.Path(folder)
        dormouse("run", RECIPE, "--store", folder / "calm", "--out", folder / "a")
        rows = json.loads((folder / "a/results.json").read_text())["measurements"]
        names = {(row["name"], row["model"]) for row in rows}
        for name, model in (("preference.accuracy", "reward"), ("preference.longer-chosen", "reward"), ("preference.gap", "base"), ("preference.gap", "pirate"), ("reinforce.judge", "after-rl"),
                            ("reinforce.reward", "after-grpo"), ("persistence.contains", "pirate")):
            check((name, model) in names, f"{name} of {model} is measured")
        steps = sorted({row["step"] for row in rows if row["name"] == "reinforce.judge"})
        check(steps == [0, 2, 4], f"the judge is asked before, on the way and after: {steps}")

        kills = run_with_kills(RECIPE, folder / "hard", folder / "b", (6.0, 9.0, 12.0, 15.0))
        check(kills >= 2, f"the run was killed {kills} times")
        check(files_of(folder / "hard") == files_of(folder / "calm"), "and gave the same bytes of weights, data and rows")

        code = dormouse("plan", RECIPE, "--store", folder / "calm", "--set", "stages.after-rl.reinforce.attack_share=0.5", status=2)
        check(code == "", "a share of attacks without attacks is refused")


main()
