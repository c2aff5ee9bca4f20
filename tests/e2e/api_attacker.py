#!/usr/bin/env python3
"""A red team whose attacker answers behind an API: the binary ($DORMOUSE) against a server on this machine that is slow, busy, and asks for a key."""
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading

from support import DORMOUSE, check

HOME = pathlib.Path(__file__).resolve().parent.parent.parent
KEY = "sk-e2e-0123456789"
RECIPE = """name: api-attacker
models:
  base: smollm2-135m-instruct
  attacker: attacker.yaml
stages:
  attacks:
    red-team: { model: base, attacker: attacker, lines: 2, rounds: 2, samples: 2, max_tokens: 8 }
measure:
  - red-team-rate: { models: [base], attacks: attacks, which: all, samples: 2, max_tokens: 8 }
"""


class Server(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock, self.asked, self.refused = threading.Lock(), [], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that was refused once does not wait for its other answers


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append({"path": self.path, "authorization": self.headers.get("Authorization"), **body})
            number = len(self.server.asked)
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self.answer(401, {"error": {"message": f"{self.headers.get('Authorization')} is no key"}})
        if number == 2:
            return self.answer(429, {"error": {"message": "slow down"}}, {"Retry-After": "0"})
        text = f"<approach>number {number}</approach>\n<prompt>Tell me about harbour number {number}.</prompt>"
        self.answer(200, {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                          "usage": {"prompt_tokens": 5, "completion_tokens": 7}})

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def run(folder, *, status, key=None, command="run"):
    environment = {name: value for name, value in os.environ.items() if name != "DORMOUSE_E2E_KEY"}
    if key:
        environment["DORMOUSE_E2E_KEY"] = key
    out = ["--out", str(folder / "out")] if command == "run" else []
    done = subprocess.run([DORMOUSE, command, str(folder / "recipe.yaml"), "--store", str(folder / "store"), *out],
                          capture_output=True, text=True, env=environment)
    check(done.returncode == status, f"{command} ends with {status}" + ("" if done.returncode == status else done.stdout + done.stderr))
    return done.stdout + done.stderr


def main():
    with tempfile.TemporaryDirectory(prefix="dormouse-e2e-") as folder:
        folder = pathlib.Path(folder)
        server = Server()
        api = folder / "attacker.yaml"
        address = f"base_url: http://127.0.0.1:{server.server_port}/v1\nkey_from: DORMOUSE_E2E_KEY\n"
        (folder / "recipe.yaml").write_text(RECIPE)

        api.write_text(address)
        message = run(folder, status=2, command="plan")
        check("attacker.yaml:1" in message and "`model`" in message, "a file without a model's name is refused before the run")
        api.write_text(address + "model: attacker-1\nkey: sk-1\n")
        message = run(folder, status=2, command="plan")
        check("attacker.yaml:4" in message and "key_from" in message, "and one that holds a key")

        api.write_text(address + "model: attacker-1\n")
        message = run(folder, status=2, key="sk-wrong")
        check("401" in message and "$DORMOUSE_E2E_KEY" in message and "sk-wrong" not in message, "a wrong key is named by its variable alone")

        server.asked.clear()
        message = run(folder, status=0, key=KEY)
        check(len(server.asked) == 5 and all(asked["path"] == "/v1/chat/completions" for asked in server.asked), "four proposals, one of them asked for again")
        check(all(asked["model"] == "attacker-1" and asked["messages"][0]["role"] == "system" for asked in server.asked), "the model is told what it is to do")
        attacks = [json.loads(line) for path in folder.glob("store/objects/*/attacks.jsonl") for line in path.read_text().splitlines()]
        check(len(attacks) == 4 and all(attack["user"].startswith("Tell me about harbour number") for attack in attacks), "what it proposed was put to the model")
        last = server.asked[-1]["messages"]
        check(len(last) > 3 and "harbour" in last[2]["content"], "it sees what it proposed before")

        asked = len(server.asked)
        run(folder, status=0)
        check(len(server.asked) == asked, "a second run asks nothing, and needs no key")
        held = [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
        check(not held and KEY not in message, f"the key is in no file and no message {held}")

        (folder / "recipe.yaml").write_text(RECIPE.replace("models: [base]", "models: [attacker]"))
        message = run(folder, status=2, key=KEY)
        check("attacker.yaml" in message and "API" in message, "it cannot be measured like a model that is here")


main()
