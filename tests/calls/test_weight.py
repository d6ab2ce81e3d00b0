"""What media needs is loaded with the first call, not with the house."""

import subprocess
import sys

START = """
import sys
from server.kit.domain import discover
from server.main import build_app
from server.settings import Settings
discover()
build_app(Settings(_env_file=None, data_dir="/nowhere", secret_key="a key for the tests"), background=False)
print(*sorted({name.split(".")[0] for name in sys.modules} & {"av", "aiortc", "aioice", "pylibsrtp"}))
"""


def test_a_house_without_calls_carries_no_media() -> None:
    said = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""
