"""What mail and webhooks need is loaded when it is needed, not with the house."""

import subprocess
import sys

START = """
import sys
from server.kit.domain import discover
from server.main import build_app
from server.settings import Settings
discover()
build_app(Settings(_env_file=None, data_dir="/nowhere", secret_key="a key for the tests"), background=False)
heavy = {"imapclient", "imaplib", "aiosmtplib", "aiosmtpd", "httpcore2", "css_inline", "cryptography"}
print(*sorted({name.split(".")[0] for name in sys.modules} & heavy))
"""


def test_a_house_without_mailboxes_carries_no_mail_libraries() -> None:
    said = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""
