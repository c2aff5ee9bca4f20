"""From outcomes to tables: medians, ranges, ratios, goals; and bench/RESULTS.md, which keeps every run."""

import dataclasses
import statistics

import cases

INTRO = """# Benchmark results

Newest first; `bench/run.py` adds a section a run. What the columns mean is in README.md beside this file.
"""
# SmolLM2-135M: weights of the body and of the tied output head. Training costs 6 FLOP for each and token.
BODY_WEIGHTS, HEAD_WEIGHTS = 106_203_456, 28_311_552
TARGET_SHARE = 10755 / 21630  # of data/sft_rows.jsonl, used where a program does not report its targets


@dataclasses.dataclass(frozen=True)
class Ratio:
    """Dormouse's speed over another's: of the medians, with the range over rounds that measured both."""

    value: float
    low: float
    high: float

    def __str__(self):
        spread = "" if self.low == self.high else f" ({self.low:.2f} to {self.high:.2f})"
        return f"{self.value:.2f}{spread}"


def ratio(own, other):
    """None where one of the two was not measured."""
    if own is None or not own.speeds or not other.speeds:
        return None
    both = own.by_round.keys() & other.by_round.keys()
    pairs = [own.by_round[n]["tokens_per_second"] / other.by_round[n]["tokens_per_second"] for n in both]
    value = statistics.median(own.speeds) / statistics.median(other.speeds)
    return Ratio(value, min(pairs + [value]), max(pairs + [value]))


def fastest(outcomes, workload, program):
    """Of a program, or of a program and a dtype: "llama.cpp BF16"."""
    rows = [
        o
        for o in outcomes
        if o.case.workload == workload and program in (o.case.program, f"{o.case.program} {o.case.dtype}") and o.speeds
    ]
    return max(rows, key=lambda o: statistics.median(o.speeds), default=None)


def own_outcome(outcomes, workload):
    """Dormouse's fastest row: what the others are compared with."""
    return fastest(outcomes, workload, cases.DORMOUSE)


def ceiling_share(outcome, ceiling):
    """The share of the GEMM ceiling of its dtype that a training run reached, or of the GPU's peak; or None."""
    shares = [r["model_flops_utilisation"] for r in outcome.by_round.values() if "model_flops_utilisation" in r]
    if shares:
        return statistics.median(shares)
    is_cpu_training = outcome.case.workload in ("sft", "sft long")
    if not is_cpu_training or not outcome.speeds or not ceiling:
        return None
    result = next(iter(outcome.by_round.values()))
    gflops = ceiling.get("bf16" if "bf16" in str(result.get("dtype")) else "fp32")
    target_share = result["targets"] / result["tokens"] if result.get("targets") else TARGET_SHARE
    flop = 6 * (BODY_WEIGHTS + HEAD_WEIGHTS * target_share)
    return statistics.median(outcome.speeds) * flop / 1e9 / gflops if gflops else None


def table_rows(outcomes, ceiling):
    """The cells of the main table, as text."""
    rows = []
    for o in outcomes:
        program = f"{o.case.program}" + (f", {o.case.setting}" if o.case.setting else "")
        if not o.speeds:
            rows.append(
                [
                    o.case.workload,
                    program,
                    o.case.dtype,
                    f"not measured: {o.reason or 'interrupted'}",
                    "",
                    "",
                    "",
                    "",
                    "",
                ]
            )
            continue
        speeds, results = o.speeds, list(o.by_round.values())
        share = ceiling_share(o, ceiling)
        own = own_outcome(outcomes, o.case.workload)
        dtype = o.case.dtype if o.case.dtype != "auto" else f"{results[0].get('dtype', '?')} (auto)"
        speed = f"{statistics.median(speeds):.1f}" + (f" (then failed: {o.reason})" if o.reason else "")
        rows.append(
            [
                o.case.workload,
                program,
                dtype,
                speed,
                f"{min(speeds):.1f} to {max(speeds):.1f}",
                str(len(speeds)),
                f"{max(r['peak_memory_mib'] for r in results):,}",
                f"{share:.0%}" if share else "",
                "" if o is own else str(ratio(own, o) or "not measured"),
            ]
        )
    return rows


HEADINGS = [
    "workload",
    "program",
    "dtype",
    "tokens/s, median",
    "range",
    "n",
    "peak MiB",
    "of GEMM ceiling",
    "Dormouse / this",
]


def goal_rows(outcomes, goals):
    """(workload, peer and its fastest row, goal, ratio, verdict) for each goal of a workload that was run."""
    rows = []
    for goal in goals:
        if not any(o.case.workload == goal.workload for o in outcomes):
            continue
        best = fastest(outcomes, goal.workload, goal.peer)
        found = ratio(own_outcome(outcomes, goal.workload), best) if best else None
        verdict = "not measured" if found is None else "met" if found.value >= goal.factor else "missed"
        peer = (
            f"{best.case.program} {best.case.dtype}" + (f", {best.case.setting}" if best.case.setting else "")
            if best
            else goal.peer
        )
        rows.append([goal.workload, peer, f">= {goal.factor:g}", str(found or ""), verdict])
    return rows


GOAL_HEADINGS = ["workload", "fastest row of", "goal", "Dormouse / it", "verdict"]


def markdown_table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |", "| " + " | ".join("---" for _ in headings) + " |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def text_table(headings, rows):
    # A reason may be long; it must not widen the column of numbers.
    widths = [
        max([len(heading)] + [len(row[i]) for row in rows if not row[i].startswith("not measured")])
        for i, heading in enumerate(headings)
    ]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, ["-" * width for width in widths], *rows]
    )


def section(title, facts, outcomes, goals, ceiling):
    """One dated section of RESULTS.md. facts: [(name, text)]."""
    parts = [
        f"## {title}",
        "\n".join(f"- {name}: {text}" for name, text in facts),
        markdown_table(GOAL_HEADINGS, goal_rows(outcomes, goals)) if goal_rows(outcomes, goals) else "",
        markdown_table(HEADINGS, table_rows(outcomes, ceiling)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def add_section(path, text):
    """Puts the section before the earlier ones, which stay as they are."""
    old = path.read_text(encoding="utf-8") if path.exists() else INTRO
    at = old.find("\n## ")
    head, earlier = (old, "") if at < 0 else (old[: at + 1], old[at + 1 :])
    partial = path.with_suffix(".partial")
    partial.write_text(
        head.rstrip("\n") + "\n\n" + text + ("\n" + earlier if earlier else ""), encoding="utf-8"
    )
    partial.replace(path)
