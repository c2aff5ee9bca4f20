"""Which measurements there are: one Case for each program, setting and dtype of a workload."""

import dataclasses
from pathlib import Path

BENCH = Path(__file__).resolve().parent
DATA = BENCH / "data"
DORMOUSE = "Dormouse"
SAMPLE_BATCHES = (1, 8, 32)
PROMPT_TOKENS, NEW_TOKENS = 32, 64
PREFIX_TOKENS, PREFIX_QUERIES = 5900, 200
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
    """Dormouse at least `factor` times the fastest row of `peer` (a program, or a program and a dtype) in `workload`."""

    workload: str
    peer: str
    factor: float


GOALS = (
    Goal("sft", "TRL", 3.0),
    Goal("sft long", "TRL", 3.0),
    Goal("sample 32", "transformers", 4.0),
    Goal("sample 32", "llama.cpp", 1.8),
    Goal("sample 8", "llama.cpp", 1.5),
    Goal("sample 1", "llama.cpp BF16", 1.0),
    Goal("prefix", "transformers", 20.0),
    Goal("policy", "TRL", 3.0),
)


def flags(**options):
    """flags(prompt_tokens=32) gives ['--prompt-tokens', '32']."""
    return [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]


def worker(python, script, *more, **options):
    return (python, str(BENCH / "workers" / script), *flags(**options), *more)


def sft_cases(python, dormouse, steps, threads, bf16_is_native):
    """Rows of about 90 tokens, eight a step; and of about 1,000, two a step."""
    cases = []
    for workload, file, batch in (("sft", "sft_rows.jsonl", 8), ("sft long", "long_rows.jsonl", 2)):
        work = {"rows": DATA / file, "batch": batch}
        own = (dormouse, "bench", "sft", *flags(**work, steps=steps, dtype="auto"), "--json")
        cases.append(Case(workload, DORMOUSE, "", "auto", own))

        def add(program, script, setting, dtype, *more):
            once = dtype != "fp32" and not bf16_is_native
            if once and (setting != "padded" or workload != "sft"):
                return  # one bf16 row is enough to show what it costs here
            few_steps = min(steps, 2) if once else steps
            command = worker(python, script, *more, **work, steps=few_steps, dtype=dtype, threads=threads)
            cases.append(Case(workload, program, setting, dtype, command, once))

        for dtype in ("fp32", "bf16", "bf16-weights") if bf16_is_native else ("fp32", "bf16"):
            add("TRL", "trl_sft.py", "padded", dtype)
            if workload == "sft":
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


def gpu_cases(dormouse, steps, kind):
    """Dormouse alone on a GPU, in bf16: what its rows say is the share of the GPU's peak."""

    def own(workload, *words):
        command = (dormouse, "bench", *words, "--device", "cuda", "--dtype", "bf16", "--json")
        return Case(workload, DORMOUSE, "GPU", "bf16", command)

    if kind == "sft":
        return [
            own(f"{workload} cuda", "sft", *flags(rows=DATA / file, batch=batch, steps=max(steps, 20)))
            for workload, file, batch in (("sft", "sft_rows.jsonl", 24), ("sft long", "long_rows.jsonl", 2))
        ]
    if kind == "sample":
        return [
            own(f"sample {batch} cuda", "sample", *flags(batch=batch, prompt_tokens=PROMPT_TOKENS, tokens=NEW_TOKENS))
            for batch in (1, 32, 256)
        ]
    return []


def prefix_cases(python, dormouse, threads):
    """Queries of 16 tokens behind one long prompt, 16 tokens out. transformers gets fewer of them: it takes minutes."""
    work = {"prefix_tokens": PREFIX_TOKENS, "prompt_tokens": 16, "tokens": 16}
    own = (dormouse, "bench", "prefix", *flags(**work, queries=PREFIX_QUERIES, batch=32, dtype="f32"), "--json")
    cases = [Case("prefix", DORMOUSE, "", "f32", own)]
    for setting, queries, batch, more in (("", 4, 4, ()), ("prefix kept by hand", 64, 8, ("--cached",))):
        command = worker(
            python,
            "transformers_prefix.py",
            *more,
            **work,
            queries=queries,
            batch=batch,
            dtype="fp32",
            threads=threads,
        )
        cases.append(Case("prefix", "transformers", setting, "fp32", command, once=not more))
    return cases


def policy_cases(python, dormouse, steps, threads):
    """One step: 16 prompts, 4 samples each, 48 tokens a sample; sample, score, update."""
    work = {"rows": DATA / "sft_rows.jsonl", "prompts": 16, "samples": 4, "tokens": 48}
    few_steps = max(1, min(steps - 1, 2))
    own = (dormouse, "bench", "policy", *flags(**work, steps=few_steps, dtype="auto"), "--json")
    peer = worker(python, "trl_grpo.py", **work, steps=few_steps, dtype="fp32", threads=threads)
    return [Case("policy", DORMOUSE, "RLOO", "auto", own), Case("policy", "TRL", "GRPO", "fp32", peer)]


def start_cases(python, dormouse, threads):
    """The whole process: load, and the first token; or the GGUF made into a folder."""
    wall = str(BENCH / "workers" / "wall.py")
    first = (dormouse, "generate", "smollm2-135m-instruct", "--prompt", "Good morning", "--max-tokens", "1")
    gguf = (dormouse, "model", "import", "smollm2-135m-instruct", "{folder}/model")
    peer = (python, wall, "start", "--", *worker(python, "transformers_start.py", threads=threads))
    return [
        Case("start", DORMOUSE, "", "f32", (python, wall, "start", "--", *first)),
        Case("start", "transformers", "", "fp32", peer),
        Case("import", DORMOUSE, "GGUF to folder", "bf16", (python, wall, "import", "--", *gguf)),
    ]
