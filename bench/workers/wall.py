"""Times a whole command, from its start to its end: wall.py NAME -- COMMAND. `{folder}` in it is a fresh folder.

Prints what the other workers print, with one token: tokens_per_second is 1 / seconds. The peak memory is the
command's. Standard library only.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

name, separator, command = sys.argv[1], sys.argv[2], sys.argv[3:]
if separator != "--" or not command:
    sys.exit("usage: wall.py NAME -- COMMAND")
with tempfile.TemporaryDirectory() as folder:
    started = time.perf_counter()
    done = subprocess.run(
        [word.replace("{folder}", folder) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    seconds = time.perf_counter() - started
if done.returncode != 0:
    sys.stderr.buffer.write(done.stderr)
    sys.exit(1)
print(
    json.dumps(
        {
            "work": name,
            "tokens": 1,
            "seconds": round(seconds, 4),
            "tokens_per_second": round(1 / seconds, 4),
            "threads": int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())),
            "peak_memory_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        }
    )
)
