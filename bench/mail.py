"""Letters taken in: a mailbox of a thousand, read by IMAP from a real dovecot into cases."""

import time
from contextlib import ExitStack
from email.message import EmailMessage

from bench.house import House, open_house
from bench.table import row
from tests.dovecot import PASSWORD, Dovecot, dovecot, why_not
from tests.own_postgres import postgres_server

LETTERS = 1000
GOAL = 50
PATIENCE = 300.0
WORDS = "The left wand gives wet steam since Tuesday, and the pump is louder than it was. " * 12


def letter(n: int) -> bytes:
    """As mail programs write them: text and HTML, a quoted letter, each from somebody nobody knows yet."""
    message = EmailMessage()
    message["From"], message["To"] = f"Customer {n} <customer{n}@example.net>", "help@example.org"
    message["Subject"], message["Message-ID"] = f"Machine {n} has no pressure", f"<{n}@example.net>"
    text = f"Hello,\n\n{WORDS}\n\nThanks\nCustomer {n}\n\nOn Mon, 23 Nov 2026 at 10:12, Help wrote:\n> {WORDS}\n"
    message.set_content(text)
    message.add_alternative(f"<p>Hello,</p><p>{WORDS}</p><blockquote>{WORDS}</blockquote>", subtype="html")
    return message.as_bytes()


def mail_rows(engine: str) -> None:
    if reason := why_not():
        return row("letters taken in by IMAP", "-", reason)
    with ExitStack() as stack:
        server = stack.enter_context(dovecot())
        words = {"OUTBOUND_ALLOW": f"127.0.0.1:{server.port}"}
        if engine == "postgres":
            words["DATABASE_URL"] = stack.enter_context(postgres_server())
        server.fill("help", [letter(n) for n in range(LETTERS)])
        add = ("channel", "add", "email", "help@example.org")
        house = stack.enter_context(open_house(add, **words))
        before = cpu(house)
        seconds = take_all(house, server)
        used = cpu(house) - before
    row(f"letters taken in by IMAP, of {LETTERS}, a second ({engine})", f"{LETTERS / seconds:,.0f}", f"at least {GOAL}")
    row("CPU of the server for each of them, ms", f"{used / LETTERS * 1000:.1f}")


def cpu(house: House) -> float:
    times = house.process.cpu_times()
    return float(times.user + times.system)


def take_all(house: House, server: Dovecot) -> float:
    """From the account's form to the last case."""
    account = {"host": "127.0.0.1", "port": str(server.port), "security": "none", "username": "help"}
    page = house.client.get("/settings/channels").text
    number = page.partition('hx-put="/settings/channels/')[2].partition('"')[0]
    form = account | {"password": PASSWORD, "history": "1"}
    token = house.cli("token", "--email", "owner@example.org").strip()
    began = time.perf_counter()
    assert house.client.put(f"/settings/channels/{number}/accounts/in", data=form).status_code == 200
    last = f"/api/v1/cases?number={LETTERS}"
    while not house.client.get(last, headers={"authorization": f"Bearer {token}"}).json()["items"]:
        assert time.perf_counter() - began < PATIENCE, "the letters did not come in time"
        time.sleep(0.2)
    return time.perf_counter() - began
