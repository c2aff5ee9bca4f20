"""What the tests that drive the binary ($DORMOUSE) share."""
import json
import os
import signal
import subprocess
import sys

DORMOUSE = os.environ["DORMOUSE"]


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")
    print(f"ok: {message}", flush=True)


def finished(*arguments, status=0):
    """The ended process, with what it said on both streams."""
    done = subprocess.run([DORMOUSE, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"FAILED: dormouse {' '.join(map(str, arguments))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def dormouse(*arguments, status=0):
    return finished(*arguments, status=status).stdout


def files_of(store):
    """Checksums of every file of every artefact."""
    found = {}
    for manifest in sorted(store.glob("objects/*/manifest.json")):
        for name, file in json.loads(manifest.read_text())["files"].items():
            found[f"{manifest.parent.name}/{name}"] = file["sha256"]
    return found


def run_with_kills(recipe, store, out, waits):
    """Kills the run without warning, again and again, at later and later moments; then lets it finish. Returns how often."""
    environment = dict(os.environ, DORMOUSE_STATE_SECONDS="0")  # training state after every step
    command = ["run", str(recipe), "--store", str(store), "--out", str(out)]
    kills = 0
    for wait in waits:
        process = subprocess.Popen([DORMOUSE, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        try:
            process.wait(timeout=wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    dormouse(*command)
    return kills
