"""A real mail server's mailbox for tests: dovecot, started as an ordinary user with a folder of its own."""

import contextlib
import imaplib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests import needs
from tests.own_postgres import as_nobody

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
protocols = imap
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
mail_uid = {user}
mail_gid = {group}
auth_failure_delay = 0
imap_idle_notify_interval = 10 s
mailbox_list_index = no
{capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""
PASSWORD = "correct-horse"


@dataclass(frozen=True)
class Dovecot:
    port: int
    tls_port: int
    folder: pathlib.Path

    def client(self, user: str) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(user, PASSWORD)
        return client

    def put(self, user: str, *letters: bytes) -> None:
        """As another mail program would: dovecot tells whoever idles there."""
        client = self.client(user)
        for letter in letters:
            answer, _rest = client.append("INBOX", "", "", letter.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
            assert answer == "OK"
        client.logout()

    def fill(self, user: str, letters: list[bytes]) -> None:
        """Many at once, as files of the Maildir."""
        inbox = self.folder / "mail" / user
        for part in ("new", "cur", "tmp"):
            (inbox / part).mkdir(parents=True, exist_ok=True)
        for n, letter in enumerate(letters):
            (inbox / "new" / f"{1_700_000_000 + n}.{n}.tests").write_bytes(letter)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "nobody", self.folder / "mail"], check=True)


def why_not() -> str:
    """Why there is no dovecot for tests here; empty when there is."""
    binary = needs.find("dovecot")
    if binary is None:
        return "left out: no dovecot here"
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    return (
        "" if version.startswith("2.3.") else f"left out: the tests know dovecot 2.3, here is {version.split(' ')[0]}"
    )


@contextlib.contextmanager
def dovecot(certificate: tuple[pathlib.Path, pathlib.Path] | None = None, *, idles: bool = True) -> Iterator[Dovecot]:
    """Every name gets in with the one password. `certificate`: also TLS, with these files."""
    binary = needs.find("dovecot")
    assert binary is not None
    with needs.scratch("dovecot") as folder:
        port, tls_port = needs.free_port(), needs.free_port() if certificate else 0
        who = as_nobody()
        user = pwd.getpwuid(who.get("user", os.geteuid())).pw_name
        if who:
            shutil.chown(folder, user)
        (folder / "dovecot.conf").write_text(
            CONFIG.format(
                folder=folder,
                user=user,
                group=_group(who),
                port=port,
                tls_port=tls_port,
                password=PASSWORD,
                ssl="yes" if certificate else "no",
                certificate=_keys(folder, certificate),
                capability="" if idles else "imap_capability = IMAP4rev1 UIDPLUS LITERAL+",
            )
        )
        words = [binary, "-F", "-c", str(folder / "dovecot.conf")]
        process = needs.start(words, folder, **who)
        try:
            needs.wait_for(lambda: needs.answers(port), process, folder)
            yield Dovecot(port, tls_port, folder)
        finally:
            needs.stop(process, signal.SIGTERM)
            _wait_for_quiet(folder)


def _group(who: dict[str, int]) -> str:
    import grp

    return grp.getgrgid(who.get("group", os.getegid())).gr_name


def _keys(folder: pathlib.Path, certificate: tuple[pathlib.Path, pathlib.Path] | None) -> str:
    if certificate is None:
        return ""
    for name, source in zip(("cert.pem", "key.pem"), certificate, strict=True):
        shutil.copy(source, folder / name)
        if os.geteuid() == 0:
            shutil.chown(folder / name, "nobody")
    return f"ssl_cert = <{folder}/cert.pem\nssl_key = <{folder}/key.pem"


def _wait_for_quiet(folder: pathlib.Path) -> None:
    """Its children write a last line to the log after the master has gone."""
    with contextlib.suppress(OSError):
        last = -1
        while (size := (folder / "dovecot.log").stat().st_size) != last:
            last = size
            time.sleep(0.05)
