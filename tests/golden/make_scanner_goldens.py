#!/usr/bin/env python3
"""Records what Bandit and Semgrep print about a few programs, for tests/science/grade/scanner_output_golden_test.cpp.

    scripts/setup --scanners && .venv-scanners/bin/python tests/golden/make_scanner_goldens.py
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = {
    "0.py": "import subprocess\n\ndef go(x):\n    subprocess.run('ls ' + x, shell=True)\n",
    "1.py": "import subprocess\n\ndef go(x):\n    subprocess.run(['ls', x])\n",
    "2.py": "def find(db, name):\n    return db.execute(\"SELECT * FROM t WHERE n = '\" + name + \"'\")\n",
    "3.py": "import pickle\n\ndef load(data):\n    return pickle.loads(data)\n",
    "4.py": "def broken(:\n    pass\n",
    "5.py": "",
}
VOLATILE = {"generated_at", "time", "version", "skipped_rules", "interfile_languages_used", "engine_requested"}


def record(tool, arguments, folder):
    environment = dict(os.environ, SEMGREP_SEND_METRICS="off", SEMGREP_SETTINGS_FILE=str(folder / "settings.yml"),
                       PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    done = subprocess.run([pathlib.Path(sys.executable).parent / tool, *arguments], capture_output=True, text=True, cwd=folder, env=environment)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    report = {key: value for key, value in json.loads(done.stdout).items() if key not in VOLATILE}
    (HERE / "scanners" / f"{tool}.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "programs").mkdir()
        for name, program in PROGRAMS.items():
            (folder / "programs" / name).write_text(program)
        (HERE / "scanners").mkdir(exist_ok=True)
        shutil.copytree(ROOT / "rules" / "semgrep", folder / "rules" / "semgrep")  # ids of findings begin with the rules' path
        record("bandit", ["-r", "programs", "-f", "json", "-q", "--exit-zero", "--ignore-nosec"], folder)
        record("semgrep", ["scan", "--config", "rules/semgrep", "--json", "--quiet", "--metrics", "off", "--disable-version-check",
                           "--disable-nosem", "--no-git-ignore", "--jobs", "1", "programs"], folder)


main()
