"""Which measurements there are: one Case for each program, setting and dtype of a workload."""

import dataclasses
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROWS_FILE = BENCH / "data" / "sft_rows.jsonl"
DORMOUSE = "Dormouse"
SFT_BATCH = 8
SAMPLE_BATCHES = (1, 8, 32)
PROMPT_TOKENS, NEW_TOKENS = 32, 64
LLAMA_TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_1")


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of the table: a command to run again and again."""

    workload: str  # "sft" or "sample 1", "sample 8", "sample 32"
    program: str  # Dormouse, TRL, transformers, llama.cpp
    setting: str  # how the program was used, in a few words
    dtype: str
    command: tuple
    once: bool = False  # known to be slow on this machine: measured once, with few steps

    @property
    def name(self):
        return f"{self.workload} | {self.program} {self.dtype}" + (
            f", {self.setting}" if self.setting else ""
        )


@dataclasses.dataclass(frozen=True)
class Goal:
    """Dormouse at least `factor` times the fastest row of `peer` in `workload`."""

    workload: str
    peer: str
    factor: float


GOALS = (Goal("sft", "TRL", 2.0), Goal("sample 32", "transformers", 2.0))


def flags(**options):
    """flags(prompt_tokens=32) gives ['--prompt-tokens', '32']."""
    return [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]


def worker(python, script, *more, **options):
    return (python, str(BENCH / "workers" / script), *flags(**options), *more)


def sft_cases(python, dormouse, steps, threads, bf16_is_native):
    work = {"rows": ROWS_FILE, "batch": SFT_BATCH}
    own = (dormouse, "bench", "sft", *flags(**work, steps=steps, dtype="auto"), "--json")
    cases = [Case("sft", DORMOUSE, "", "auto", own)]

    def add(program, script, setting, dtype, *more):
        once = dtype != "fp32" and not bf16_is_native
        if once and setting != "padded":
            return  # one bf16 row is enough to show what it costs here
        few_steps = min(steps, 2) if once else steps
        command = worker(python, script, *more, **work, steps=few_steps, dtype=dtype, threads=threads)
        cases.append(Case("sft", program, setting, dtype, command, once))

    for dtype in ("fp32", "bf16", "bf16-weights") if bf16_is_native else ("fp32", "bf16"):
        add("TRL", "trl_sft.py", "padded", dtype)
        add("TRL", "trl_sft.py", "packed to 1,024", dtype, "--packed")
        add("transformers", "transformers_sft.py", "own loop, logits at targets", dtype)
    return cases


def sample_cases(python, dormouse, threads, bf16_is_native):
    cases = []
    for batch in SAMPLE_BATCHES:
        workload = f"sample {batch}"
        work = {"batch": batch, "prompt_tokens": PROMPT_TOKENS, "tokens": NEW_TOKENS}
        for dtype in ("f32", "bf16"):
            command = (dormouse, "bench", "sample", *flags(**work, dtype=dtype), "--json")
            cases.append(Case(workload, DORMOUSE, "", dtype, command))
        for dtype in ("fp32", "bf16"):
            command = worker(python, "transformers_sample.py", **work, dtype=dtype, threads=threads)
            cases.append(
                Case(workload, "transformers", "", dtype, command, dtype == "bf16" and not bf16_is_native)
            )
        for dtype in LLAMA_TYPES:
            command = worker(python, "llama_sample.py", **work, dtype=dtype, threads=threads)
            cases.append(Case(workload, "llama.cpp", "", dtype, command))
    return cases
