"""Two simulated providers and the gateway between them and the client, on free ports.

Nothing here waits for a fixed time: what is due is polled or read until a deadline.
"""

import json
import os
import pathlib
import queue
import re
import subprocess
import tempfile
import threading
import time
import urllib.request

CLAWGATE = os.environ["CLAWGATE"]
DEADLINE_S = 30.0
PROVIDER_KEY = "sk-provider-secret-0123456789"
HERE = pathlib.Path(__file__).resolve().parent


class Program:
    """A running `clawgate`, its lines of output at hand."""

    def __init__(self, *args, env=None):
        self.process = subprocess.Popen(
            [CLAWGATE, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
        )
        self.lines = queue.Queue()
        self.past = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def line(self, fits):
        """The next line that fits; fails after the deadline or at the end of the program."""
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no such line in time; there were: {self.past}") from None
            if line is None:
                raise AssertionError(f"the program ended; it said: {self.past}")
            self.past.append(line)
            if fits(line):
                return line

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return self.process.returncode


class Sim(Program):
    """A simulated provider."""

    def __init__(self, name):
        super().__init__("sim", "--listen", "127.0.0.1:0", "--name", name)
        self.name = name
        self.url = self.line(lambda line: " listens on " in line).split(" listens on ")[1]

    def served(self):
        """What it says of the next request that ends there: model, faults, events, end."""
        return self.line(lambda line: line.startswith(f"{self.name} #"))


class House:
    """Providers and gateway."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.primary = Sim("primary")
        self.backup = Sim("backup")
        policy = (HERE.parent / "policy.claw").read_text()
        for word, value in {
            "PRIMARY": self.primary.url,
            "BACKUP": self.backup.url,
            "PRIMARY_HOST": self.primary.url.removesuffix("/v1"),
            "BACKUP_HOST": self.backup.url.removesuffix("/v1"),
        }.items():
            policy = policy.replace(f"@{word}@", str(value))
        pathlib.Path(self.folder.name, "clients.claw").write_text(policy)
        self.gateway = Program(
            "run", self.folder.name,
            "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
            "--drain-delay", "0", "--drain", "1s",
            env={"CLAW_CLIENTS_KEY": PROVIDER_KEY},
        )
        line = self.gateway.line(lambda line: " on http://" in line)
        gateway, admin = re.findall(r"http://[0-9.:]+", line)
        self.url = f"{gateway}/v1"
        self.admin = admin
        self.health = self._ready()

    def _ready(self):
        """Polls /healthz until it answers."""
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                with urllib.request.urlopen(f"{self.admin}/healthz", timeout=5) as answer:
                    return json.load(answer)
            except OSError as error:
                if self.gateway.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    said = list(self.gateway.lines.queue)
                    raise AssertionError(f"the gateway does not answer ({error}): {said}") from error
            threading.Event().wait(0.02)

    def record(self, request_id):
        """The gateway's own record of a request."""
        line = self.gateway.line(lambda line: request_id in line)
        return json.loads(line[line.index("{"):])

    def stop(self):
        """Ends everything; the gateway's exit code."""
        code = self.gateway.stop()
        self.primary.stop()
        self.backup.stop()
        self.folder.cleanup()
        return code
