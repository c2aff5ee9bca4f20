#!/usr/bin/env python3
"""The side-by-side benchmark: Dormouse against TRL, transformers and llama.cpp, same weights, same machine.

Installs the peers if needed (bench/setup.py), measures every case in interleaved rounds, prints one table and
adds a dated section to bench/RESULTS.md. Standard library only. Exit status: 0 done, 1 Dormouse itself was
not measured, 2 wrong arguments, 130 interrupted. A missed goal is a result, not a failure.
"""

import argparse
import datetime
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))

import cases  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import results  # noqa: E402

KINDS = ("sft", "sample", "prefix", "policy", "start")
PEERS = {"trl": "TRL", "transformers": "transformers", "llama.cpp": "llama.cpp"}


def say(text):
    print(f"[bench] {text}", file=sys.stderr, flush=True)


def parse_arguments(words):
    parser = argparse.ArgumentParser(description="Measure Dormouse beside its peers.")
    parser.add_argument("--only", choices=KINDS, help="one kind of work")
    parser.add_argument("--peer", action="append", choices=sorted(PEERS), help="only this peer (repeatable)")
    parser.add_argument("--rounds", type=int, help="measurements of each case (default 5, with --quick 2)")
    parser.add_argument(
        "--steps", type=int, help="SFT steps, the first of them not timed (default 6, --quick 3)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="two rounds of three steps: a look, not a result"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a measurement on stdout, no table"
    )
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count(), help="for every program (default: all cores)"
    )
    parser.add_argument(
        "--limit", type=float, default=900, help="seconds that one process may take (default 900)"
    )
    parser.add_argument("--no-setup", action="store_true", help="measure what is installed, install nothing")
    parser.add_argument("--no-record", action="store_true", help="leave RESULTS.md alone")
    parser.add_argument(
        "--dormouse",
        default=str(BENCH.parent / "build" / "release" / "bin" / "dormouse"),
        help="the program to measure (default: the release build)",
    )
    parser.add_argument(
        "--python",
        default=str(BENCH / ".venv" / "bin" / "python"),
        help="the peers' Python (default: the one of bench/.venv)",
    )
    arguments = parser.parse_args(words)
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    arguments.steps = arguments.steps or (3 if arguments.quick else 6)
    if arguments.rounds < 1 or arguments.threads < 1 or arguments.limit <= 0:
        parser.error("--rounds, --threads and --limit must be positive")
    if arguments.steps < 2:
        parser.error(f"--steps must be at least 2, not {arguments.steps}: the first step is not timed")
    return arguments


def prepare(arguments):
    """Installs the peers and converts the weights. What fails here shows up later as 'not measured'."""
    if not arguments.no_setup:
        subprocess.run([sys.executable, str(BENCH / "setup.py")], check=False, stdout=sys.stderr)
    try:
        subprocess.run([arguments.python, str(BENCH / "models.py")], check=False, stdout=sys.stderr)
    except OSError as error:
        say(f"the peers' Python cannot be run ({error.strerror}): run bench/setup.py")


def choose_cases(arguments):
    native = machine.bf16_is_native()
    python, dormouse, threads = arguments.python, arguments.dormouse, arguments.threads
    of_kind = {
        "sft": lambda: cases.sft_cases(python, dormouse, arguments.steps, threads, native),
        "sample": lambda: cases.sample_cases(python, dormouse, threads, native),
        "prefix": lambda: cases.prefix_cases(python, dormouse, threads),
        "policy": lambda: cases.policy_cases(python, dormouse, arguments.steps, threads),
        "start": lambda: cases.start_cases(python, dormouse, threads),
    }
    kinds = [kind for kind in KINDS if arguments.only in (None, kind)]
    chosen = [case for kind in kinds for case in of_kind[kind]()]
    if machine.gpus():
        chosen += [case for kind in kinds for case in cases.gpu_cases(dormouse, arguments.steps, kind)]
    wanted = {PEERS[peer] for peer in arguments.peer or PEERS} | {cases.DORMOUSE}
    return [case for case in chosen if case.program in wanted]


def measure_ceiling(arguments):
    """{'fp32': GFLOP/s, 'bf16': GFLOP/s}, or {} when torch is not there."""
    command = (arguments.python, str(BENCH / "workers" / "gemm.py"), "--threads", str(arguments.threads))
    try:
        status, out, err, _ = measure.run_process(command, arguments.threads, arguments.limit)
    except OSError as error:
        say(f"GEMM ceiling not measured: {error.strerror}")
        return {}
    if status != 0:
        say(f"GEMM ceiling not measured: {measure.short_reason(err, status)}")
        return {}
    return measure.last_json_object(out) or {}


def shown_command(words):
    """The command as it can be typed again elsewhere: paths of this machine become PATH."""
    return " ".join(
        ["bench/run.py", *("PATH" if word.startswith("/") else shlex.quote(word) for word in words)]
    )


def describe_run(arguments, words, ceiling, load, interrupted):
    gemm = (
        f"{ceiling['fp32']:.0f} GFLOP/s in fp32, {ceiling['bf16']:.0f} in bf16 (1024 x 576 x 1536, torch)"
        if ceiling
        else "not measured"
    )
    facts = [
        ("machine", machine.describe_processor()),
        ("threads", str(arguments.threads)),
        *[("GPU", name) for name in machine.gpus()[:1]],
        ("GEMM ceiling", gemm),
        ("load before the start", f"{load:.2f}"),
        ("versions", machine.describe_versions(arguments.python, arguments.dormouse)),
        ("command", f"`{shown_command(words)}`"),
    ]
    if arguments.quick:
        facts.append(("note", "`--quick`: too few rounds to rely on"))
    if interrupted:
        facts.append(("note", "interrupted: some rounds are missing"))
    return facts


def print_json(outcomes, ceiling):
    print(json.dumps({"work": "gemm", **ceiling}))
    for outcome in outcomes:
        case = outcome.case
        about = {
            "workload": case.workload,
            "program": case.program,
            "setting": case.setting,
            "case_dtype": case.dtype,
        }
        for number, result in outcome.by_round.items():
            print(json.dumps({**about, "round": number, **result}))
        if outcome.reason or not outcome.by_round:
            print(json.dumps({**about, "not_measured": outcome.reason or "interrupted"}))


def main(words):
    arguments = parse_arguments(words)
    prepare(arguments)
    chosen, load = choose_cases(arguments), machine.load_average()
    if load > 0.5:
        say(f"the load is {load:.1f}: something else is running, so the numbers will be low and noisy")
    ceiling = measure_ceiling(arguments)
    say(f"{len(chosen)} cases, up to {arguments.rounds} rounds")
    outcomes, interrupted = measure.measure_all(
        chosen,
        arguments.rounds,
        arguments.threads,
        arguments.limit,
        lambda number, outcome, text: say(f"round {number + 1}: {outcome.case.name}: {text}"),
    )

    if arguments.json:
        print_json(outcomes, ceiling)
    else:
        print(results.text_table(results.HEADINGS, results.table_rows(outcomes, ceiling)))
        print()
        print(results.text_table(results.GOAL_HEADINGS, results.goal_rows(outcomes, cases.GOALS)))
    if not arguments.no_record:
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        facts = describe_run(arguments, words, ceiling, load, interrupted)
        title = f"{now}, commit {machine.describe_commit()}"
        results.add_section(
            BENCH / "RESULTS.md", results.section(title, facts, outcomes, cases.GOALS, ceiling)
        )
        say("added a section to bench/RESULTS.md")
    if interrupted:
        return 130
    own_missing = any(o.case.program == cases.DORMOUSE and not o.speeds for o in outcomes)
    return 1 if own_missing else 0


if __name__ == "__main__":
    # A polite kill ends like Ctrl-C: the measured process is stopped too, and what is there is written.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
