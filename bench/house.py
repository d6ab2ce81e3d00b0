"""A server of its own for figures: a fresh folder, a free port, an owner; stopped by id at the end."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import psutil

from tests.needs import free_port

PASSWORD = "three good words"
PATIENCE = 60.0


@dataclass
class House:
    url: str
    folder: Path
    client: httpx.Client
    process: psutil.Process
    seconds_to_ready: float
    env: dict[str, str]

    def cli(self, *words: str) -> str:
        """Runs a command of the product beside the server; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "server", *words], env=self.env, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    @property
    def megabytes(self) -> float:
        return float(self.process.memory_info().rss) / 1024 / 1024


@contextlib.contextmanager
def open_house(*prepare: tuple[str, ...], **words: str) -> Iterator[House]:
    """`prepare`: commands to run on the empty workspace before the start; `words`: settings other than usual."""
    with tempfile.TemporaryDirectory(prefix="tertulia-bench-") as name:
        folder, port = Path(name), free_port()
        env = os.environ | {
            "DATA_DIR": name,
            "PORT": str(port),
            "LOG_LEVEL": "WARNING",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            **words,
        }
        server = [sys.executable, "-m", "server"]
        owner = ["admin", "--email", "owner@example.org", "--password", PASSWORD, "--workspace", "Bench"]
        for command in (owner, *prepare):
            subprocess.run([*server, *command], env=env, check=True, capture_output=True)
        with (folder / "log").open("wb") as log:
            began = time.perf_counter()
            child = subprocess.Popen([*server, "serve"], env=env, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            seconds = wait_until_ready(url, child, began)
            with httpx.Client(base_url=url, headers={"sec-fetch-site": "same-origin"}, timeout=60) as client:
                answer = client.post("/signin", data={"email": "owner@example.org", "password": PASSWORD})
                assert answer.status_code == 303, answer.text
                yield House(url, folder, client, psutil.Process(child.pid), seconds, env)
        finally:
            child.terminate()
            child.wait(PATIENCE)


def wait_until_ready(url: str, child: "subprocess.Popen[bytes]", began: float) -> float:
    while time.perf_counter() - began < PATIENCE and child.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(f"{url}/ready"):
            return time.perf_counter() - began
        time.sleep(0.01)
    raise RuntimeError("the server did not start")
