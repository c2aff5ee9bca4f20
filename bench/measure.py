"""Runs cases, one process a measurement, and keeps what came back. Failures become reasons."""

import dataclasses
import json
import os
import re
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Outcome:
    """All measurements of one case, by round; `reason` says why there are none."""

    case: object
    by_round: dict = dataclasses.field(default_factory=dict)  # round -> the program's JSON object
    reason: str = ""
    dropped: bool = False  # not repeated: another dtype of the same program is much faster

    @property
    def speeds(self):
        return [result["tokens_per_second"] for result in self.by_round.values()]


def short_reason(text, status):
    """The last line of a program's messages, without the paths of this machine."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = lines[-1] if lines else f"ended with status {status} and no message"
    line = re.sub(r"(?<![\w.])/(?:[^\s'\":,]*/)?", "", line)
    return line[:160]


def run_process(command, threads, limit_seconds):
    """Returns (status, stdout, stderr, peak MiB). A process past its limit is killed: status None."""
    variables = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=variables, cwd=ROOT
        )
        late = threading.Event()
        timer = threading.Timer(limit_seconds, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            # wait4, not wait: the peak memory must be measured alike for every program.
            _, wait_status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:
            process.kill()
            process.wait()
            raise
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        out.seek(0)
        err.seek(0)
        texts = [stream.read().decode("utf-8", "replace") for stream in (out, err)]
    return None if late.is_set() else process.returncode, *texts, round(usage.ru_maxrss / 1024)


def last_json_object(text):
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except ValueError:
                continue
    return None


def measure_once(case, threads, limit_seconds):
    """Returns (result, "") or (None, reason)."""
    try:
        status, out, err, peak = run_process(case.command, threads, limit_seconds)
    except OSError as error:
        return None, f"{Path(case.command[0]).name}: {error.strerror}"
    if status is None:
        return None, f"took longer than {limit_seconds:.0f} s"
    if status != 0:
        return None, short_reason(err, status)
    result = last_json_object(out)
    if result is None or not isinstance(result.get("tokens_per_second"), (int, float)):
        return None, "printed no JSON object with tokens_per_second"
    if result.get("threads", threads) != threads:
        return None, f"used {result['threads']} threads instead of {threads}"
    result["peak_memory_mib"] = peak
    return result, ""


def drop_slow(outcomes, factor):
    """After round one: a row more than `factor` times slower than the same program's best is not repeated."""
    groups = {}
    for outcome in outcomes:
        if outcome.speeds:
            groups.setdefault((outcome.case.workload, outcome.case.program), []).append(outcome)
    for members in groups.values():
        best = max(max(outcome.speeds) for outcome in members)
        for outcome in members:
            outcome.dropped = outcome.dropped or outcome.case.once or max(outcome.speeds) * factor < best


def measure_all(cases, rounds, threads, limit_seconds, report):
    """Round after round over all cases, so that drift of the machine touches all alike.

    report(round number, outcome, text) is called after each measurement. Returns (outcomes, interrupted).
    """
    outcomes = [Outcome(case) for case in cases]
    try:
        for number in range(rounds):
            for outcome in outcomes:
                if outcome.reason or outcome.dropped:
                    continue
                result, reason = measure_once(outcome.case, threads, limit_seconds)
                if result is None:
                    outcome.reason = reason
                    report(number, outcome, f"not measured: {reason}")
                else:
                    outcome.by_round[number] = result
                    report(number, outcome, f"{result['tokens_per_second']:.1f} tokens/s")
            if number == 0:
                drop_slow(outcomes, factor=3)
    except KeyboardInterrupt:
        return outcomes, True
    return outcomes, False
