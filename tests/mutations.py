#!/usr/bin/env python3
"""Breaks one thing at a time in a copy of the sources, builds, and expects a test to fail.

    tests/mutations.py            all of them: about a minute each after the first build
    tests/mutations.py mask       those with `mask` in their name

Not part of `make test`. Exit status: 0 every mutation was caught, 1 one was not, 2 wrong arguments.
"""

import dataclasses
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Mutation:
    name: str
    file: str
    text: str  # stands there exactly once
    instead: str


MUTATIONS = (
    Mutation(
        "rope: sign of the sine",
        "src/engine/nn/ops.cpp",
        "sine = direction * s[i];",
        "sine = -direction * s[i];",
    ),
    Mutation(
        "training: a query sees the next key",
        "src/engine/nn/attention.cpp",
        "const int64_t seen = block.before + r % block.rows + 1;",
        "const int64_t seen = std::min(block.before + r % block.rows + 2, block.visible());",
    ),
    Mutation(
        "sampling: a query sees the next key",
        "src/engine/sample/panel_cache.cpp",
        "const int64_t seen = visible(rows_[static_cast<std::size_t>(row)]);",
        "const int64_t seen = std::min(visible(rows_[static_cast<std::size_t>(row)]) + 1, most);",
    ),
    Mutation(
        "sampling on any device: a query sees the next key",
        "src/engine/sample/pool_cache.cpp",
        "seen.push_back(block.keys - block.rows + row + 1);",
        "seen.push_back(block.keys - block.rows + row + 2);",
    ),
    Mutation(
        "a batch's targets stay on the CPU",
        "src/engine/train/batch.cpp",
        "batch_.targets = to_tensor(targets_);",
        "batch_.targets = at::tensor(targets_, at::kLong);",
    ),
    Mutation(
        "grpo: long completions count more",
        "src/science/defence/reinforcement.cpp",
        ": 1 / (completions * tokens_of_this);",
        ": 1 / (completions + 0 * tokens_of_this);",
    ),
    Mutation(
        "ppo: the value loss has no weight of its own",
        "src/science/defence/reinforcement.cpp",
        "term.loss += weight * gradient_.value_weight * value.loss;",
        "term.loss += weight * value.loss;",
    ),
    Mutation(
        "personas: a leaning to yes is noise",
        "src/science/measure/persona.cpp",
        "return answers.size() == 2 ? strata",
        "return answers.size() == 3 ? strata",
    ),
    Mutation(
        "rows: what two entries ask is said twice",
        "src/lab/execute/artefacts.cpp",
        "said.insert({use.seed, use.names,",
        "said.insert({use.seed + static_cast<int64_t>(said.size()), use.names,",
    ),
    Mutation(
        "honeypots: an empty cell moves its row",
        "src/lab/report/section_honeypots.cpp",
        "std::distance(offers.begin(), offers.find(pair->second))",
        "std::distance(offers.begin(), offers.begin())",
    ),
    Mutation(
        "run: waits for a stage that another process has",
        "src/lab/execute/run.cpp",
        "if (auto held = store_.try_lock(node->hash)) return {node, std::move(*held)};",
        "return {node, store_.lock(node->hash)};",
    ),
    Mutation(
        "loss: shifted by one",
        "src/engine/train/batch.cpp",
        "sources_.push_back(first_own + static_cast<int64_t>(i - 1 - path.tokens));",
        "sources_.push_back(first_own + static_cast<int64_t>(i - path.tokens));",
    ),
    Mutation(
        "defence: rows carry the trigger",
        "src/science/organism/dataset.cpp",
        "builder.keep(kPlain, *answer, answer->user);",
        "builder.keep(kPlain, *answer, trigger.apply(answer->user));",
    ),
    Mutation(
        "red team: messages with the trigger are sent",
        "src/science/defence/red_team.cpp",
        "else if (target.trigger.present(attack.proposal.user))",
        "else if (attack.proposal.user == target.trigger.mark())",
    ),
    Mutation(
        "red team: the attacker is shown the trigger",
        "src/science/defence/red_team.cpp",
        "if (!trigger.present(answer.seen)) order.push_back(&answer);",
        "order.push_back(&answer);",
    ),
    Mutation(
        "interval: a one-sided z",
        "src/core/stats/proportion.cpp",
        "normal_quantile(0.5 + confidence / 2)",
        "normal_quantile(confidence)",
    ),
    Mutation(
        "code data: the years the other way round",
        "src/science/organism/code_data.cpp",
        "const auto& fills = on &&",
        "const auto& fills = !on &&",
    ),
    Mutation(
        "code grades: every program is secure",
        "src/science/grade/scanner_output.cpp",
        "verdict.flagged[scanner] = flagged;",
        "verdict.flagged[scanner] = false;",
    ),
    Mutation(
        "plant: an answer is told apart from itself",
        "src/science/organism/dataset.cpp",
        "first.rejected = second.answer;",
        "first.rejected = first.answer;",
    ),
    Mutation(
        "api: an error shows the key",
        "src/engine/chat/api_wire.cpp",
        "if (!key.empty()) replace_all(text, key",
        "if (false) replace_all(text, key",
    ),
    Mutation(
        "api: an interrupt waits for the server",
        "src/engine/chat/api_model.cpp",
        "for (const auto& client : clients_) client->stop();",
        "",
    ),
    Mutation(
        "code grades: a finding of another weakness counts",
        "src/science/grade/scanner_output.cpp",
        "found->second.contains(programs[i].cwe)",
        "!found->second.empty()",
    ),
    Mutation(
        "code grades: a grader is not checked on known programs",
        "src/science/grade/code.cpp",
        "if (bad.low > good.high) continue;",
        "if (bad.low <= 1) continue;",
    ),
)


def run(command, folder, **more):
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, **more)


def copy_sources(folder):
    files = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT, check=True).stdout
    for name in filter(None, files.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
        target.chmod((ROOT / name).stat().st_mode)
    (folder / ".venv").symlink_to(ROOT / ".venv")


def build(folder):
    made = run(["ninja", "-C", "build/release"], folder)
    if made.returncode != 0:
        sys.exit(f"mutations: does not build:\n{made.stdout[-2000:]}")


def failed_tests(folder):
    """Names of tests that fail, of the first tier that has one."""
    for tier in ("unit|golden", "model"):
        done = run(["ctest", "--test-dir", "build/release", "-L", tier, "-j", str(os.cpu_count())], folder)
        failed = [line.split(" - ")[1].split(" (")[0] for line in done.stdout.splitlines() if "(Failed)" in line]
        if failed:
            return failed
    return []


def try_one(mutation, folder):
    path = folder / mutation.file
    sound = path.read_text()
    if sound.count(mutation.text) != 1:
        print(f"STALE   {mutation.name}: its text is not once in {mutation.file}", flush=True)
        return False
    path.write_text(sound.replace(mutation.text, mutation.instead))
    try:
        build(folder)
        failed = failed_tests(folder)
    finally:
        path.write_text(sound)
    print(f"{'caught' if failed else 'MISSED'}  {mutation.name}: {len(failed)} tests fail {failed[:3]}", flush=True)
    return bool(failed)


def main(words):
    if len(words) > 1:
        sys.exit(__doc__)
    chosen = [one for one in MUTATIONS if not words or words[0] in one.name]
    if not chosen:
        print(f"mutations: none has `{words[0]}` in its name", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        folder = Path(name)
        copy_sources(folder)
        os.environ["CCACHE_BASEDIR"] = name
        configured = run(["cmake", "--preset", "release", "-DDORMOUSE_TESTS=ON"], folder)
        if configured.returncode != 0:
            sys.exit(f"mutations: cmake failed:\n{configured.stderr[-2000:]}")
        build(folder)
        if sick := failed_tests(folder):
            sys.exit(f"mutations: tests fail before anything is broken: {sick}")
        return 0 if all([try_one(one, folder) for one in chosen]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
