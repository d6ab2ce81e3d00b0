"""Every setting once: its type, its default and one sentence. Read from the environment or `.env`."""

import fcntl
import os
import re
import secrets
import shutil
from email.utils import getaddresses
from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

SHORTEST_KEY = 16
CENTURY = 36_500  # days; what lies further back or ahead is no date
VOICE = "espeak-ng"
RELAY = re.compile(r"(turns?):([^:?\s]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SCHEMES = {
    "redis_url": ("redis://", "rediss://", "unix://"),
    "smtp_url": ("smtp://", "smtps://"),
    "base_url": ("http://", "https://"),
}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    base_url: str = Field("", description="The address people type, for links in mails; empty means http://HOST:PORT.")
    data_dir: Path = Field(
        Path("data"), description="Folder for the SQLite database, uploaded files and the secret key."
    )
    database_url: str = Field("", description="PostgreSQL address (postgresql://…); empty means SQLite in DATA_DIR.")
    redis_url: str = Field("", description="Redis address (redis://…); empty means the bus inside the process.")
    secret_key: str = Field(
        "", description="Key that stored tokens are hashed with, 16 characters or more; empty makes one in DATA_DIR."
    )
    smtp_url: str = Field("", description="Mail server (smtp://user:password@host:587); empty shows links to copy.")
    mail_from: str = Field(
        "", validate_default=True, description="Sender of the mails this server writes, such as Tertulia <crm@host>."
    )
    lmtp_address: str = Field("", description="host:port where a mail server brings letters by LMTP; empty means none.")
    smtp_in: str = Field("", description="The same by SMTP, without encryption: for the house's own mail server.")
    trusted_proxies: str = Field("127.0.0.1", description="Proxies whose X-Forwarded headers are believed, by comma.")
    outbound_allow: str = Field("", description="host:port pairs that connections may reach in spite of being private.")
    max_upload_mb: int = Field(50, ge=1, le=100_000, description="Largest upload in MiB.")
    patch_hours: int = Field(24, ge=1, le=24 * CENTURY, description="How long live patches can be replayed, in hours.")
    trash_days: int = Field(30, ge=0, le=CENTURY, description="How long a trashed record can be restored, in days.")
    session_days: int = Field(
        30, ge=1, le=CENTURY, description="A sign-in ends after this many days; idle ones after a third of it."
    )
    recording_days: int = Field(90, ge=0, le=CENTURY, description="How long the recording of a call is kept, in days.")
    calls_process: bool = Field(
        False, description="Calls are carried by `python -m server calls`, not by web processes; needs REDIS_URL."
    )
    media_address: str = Field("", description="Public address of this server for calls, when it is behind a NAT.")
    media_ports: str = Field("", description="UDP ports of calls, such as 40000-40100; empty means any.")
    media_bind: str = Field("", description="The one local address calls listen on; empty means all but loopback.")
    turn_url: str = Field("", description="Relay for browsers (turn:host:3478?transport=udp), several by comma.")
    turn_secret: str = Field("", description="Shared with coturn's use-auth-secret; credentials last an hour.")
    speech: str = Field(VOICE, description="The program that speaks to callers; empty plays the sentences that ship.")
    line_calls: int = Field(3, ge=0, description="How often an unknown caller may call the public line in ten minutes.")
    line_calls_at_once: int = Field(
        4, ge=0, description="Unknown callers that a workspace's public line takes at once."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("data_dir", mode="before")
    @classmethod
    def _somewhere(cls, folder: object) -> object:
        return folder or "data"  # a line without a value in `.env` is not the folder one stands in

    @field_validator("database_url")
    @classmethod
    def _async_driver(cls, url: str) -> str:
        """As hosts hand it out, with the word that our driver has for `sslmode`."""
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                url = "postgresql+asyncpg://" + url.removeprefix(plain).replace("sslmode=", "ssl=")
        try:
            known = not url or make_url(url).drivername in ("postgresql+asyncpg", "sqlite+aiosqlite")
        except (ArgumentError, ValueError):
            known = False
        if not known:
            raise ValueError("the address of a PostgreSQL database: postgresql://user:password@host:5432/name")
        return url

    @field_validator("redis_url", "smtp_url", "base_url")
    @classmethod
    def _address(cls, url: str, info: ValidationInfo) -> str:
        known = SCHEMES[info.field_name or ""]
        if url and not (url.startswith(known) and url.partition("://")[2].strip("/")):
            raise ValueError(f"an address that begins with {' or '.join(known)}")
        try:
            parts = urlsplit(url)
            assert parts.port != 0
        except (ValueError, AssertionError):
            raise ValueError(
                "what follows the last colon is a port; in a password # / ? and @ are written as %23 %2F %3F %40"
            ) from None
        if info.field_name == "base_url" and (parts.path.strip("/") or parts.query or parts.fragment or " " in url):
            raise ValueError("a host of its own, such as https://crm.example.org: pages do not live under a path")
        return url

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, text: str, info: ValidationInfo) -> str:
        found = getaddresses([text])
        if text and (len(found) != 1 or not re.fullmatch(r"[!-~]+@[!-~]+", found[0][1]) or not text.isprintable()):
            raise ValueError("one mail address, such as Tertulia <crm@example.org>")
        if not text and info.data.get("smtp_url"):
            raise ValueError("SMTP_URL is set, and letters need a sender, such as Tertulia <crm@example.org>")
        return text

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, text: str) -> str:
        try:
            for one in text.split(",") if text.strip() not in ("", "*") else ():
                ip_network(one.strip())
        except ValueError:
            raise ValueError("addresses or networks by comma, such as 127.0.0.1, 10.0.0.0/8; or * for all") from None
        return text.strip()

    @field_validator("media_address", "media_bind")
    @classmethod
    def _one_address(cls, text: str) -> str:
        try:
            assert not text or not ip_address(text).is_unspecified
        except (ValueError, AssertionError):
            raise ValueError("one address in numbers, such as 203.0.113.5: no name and no port") from None
        return text

    @field_validator("turn_url")
    @classmethod
    def _relays(cls, text: str) -> str:
        if not all(RELAY.fullmatch(one.strip()) for one in text.split(",") if one.strip()):
            raise ValueError(
                "turn:turn.example.org:3478, with ?transport=tcp where UDP does not pass; several by comma"
            )
        return text

    @field_validator("speech")
    @classmethod
    def _voice(cls, name: str) -> str:
        """The usual one may be missing: the sentences that ship take its place. Whoever names one expects it."""
        if name not in ("", VOICE) and shutil.which(name) is None:
            raise ValueError("there is no such program here; empty plays the sentences that ship")
        return name

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, key: str) -> str:
        if key and len(key) < SHORTEST_KEY:
            raise ValueError(f"at least {SHORTEST_KEY} characters, such as `openssl rand -hex 32` prints")
        return key

    @field_validator("log_level")
    @classmethod
    def _level(cls, text: str) -> str:
        if text.upper() not in LEVELS:
            raise ValueError(f"one of {', '.join(LEVELS)}")
        return text.upper()

    @field_validator("lmtp_address", "smtp_in", "outbound_allow")
    @classmethod
    def _places(cls, text: str, info: ValidationInfo) -> str:
        given = text.split(",") if info.field_name == "outbound_allow" else [text]
        for host, _, port in (one.strip().rpartition(":") for one in given if one.strip()):
            if not (host and port.isdecimal() and 0 < int(port) < 65536):
                raise ValueError("host:port, such as 127.0.0.1:2424")
        return text

    @field_validator("media_ports")
    @classmethod
    def _port_range(cls, text: str) -> str:
        first, _, last = text.partition("-")
        if text and not (first.isdigit() and last.isdigit() and 1024 <= int(first) <= int(last) - 9 <= 65526):
            raise ValueError("a range of at least ten ports between 1024 and 65535, such as 40000-40100")
        return text

    @property
    def parts_dir(self) -> Path:
        """Where calls are recorded to, track by track, until they are mixed."""
        return self.data_dir / "recordings"

    @property
    def carries_calls(self) -> bool:
        """Whether a web process carries the media of calls itself."""
        return not (self.calls_process and self.redis_url)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir}/tertulia.db"

    @property
    def url(self) -> str:
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def is_https(self) -> bool:
        return self.url.startswith("https://")

    @cached_property
    def secret(self) -> bytes:
        """The key as given, or the one kept in DATA_DIR (made at first use, readable by its owner only)."""
        if self.secret_key:
            return self.secret_key.encode()
        path = self.data_dir / "secret"
        kept = path.read_text().strip() if path.exists() else ""
        return (kept or first_secret(path)).encode()


def first_secret(path: Path) -> str:
    """Processes that start side by side share what the first of them made. An empty file is one that was cut."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        kept = file.read().strip()
        if not kept:
            kept = secrets.token_hex(32)
            file.write(kept)
        return kept
