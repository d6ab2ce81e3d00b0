"""Every letter of the test data goes the whole way: into a case whose page can be read."""

from starlette.applications import Starlette

from server.cases.delivery import deliver
from tests.cases.conftest import HELP
from tests.conftest import Client, shared


async def test_all_of_them_become_cases(app: Starlette, ana: Client, channel: int) -> None:
    files = [shared("README.md").parent / folder for folder in ("email_stalwart", "email_mail", "email_reply")]
    letters = [
        path for folder in files for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".json"
    ]
    assert len(letters) > 200
    numbers = set()
    for path in letters:
        taken = await deliver(app.state.database, app.state.services.files, HELP, path.read_bytes())
        assert taken is not None, path
        numbers |= {taken.case.id} if taken.case is not None else set()
    assert len(numbers) > 100
    for number in sorted(numbers):
        assert (await ana.get(f"/cases/{number}")).status_code == 200, number


async def test_a_sender_that_no_record_can_hold_is_taken_too(app: Starlette, ana: Client, channel: int) -> None:
    for sender in ("root@localhost", "bounce+" + "x" * 80 + "@lists.example"):
        raw = f"From: <{sender}>\nSubject: Disk full\n\nOn the house’s own machine".encode()
        taken = await deliver(app.state.database, app.state.services.files, HELP, raw)
        assert taken is not None and taken.case is not None, sender
        assert "Disk full" in (await ana.get(f"/cases/{taken.case.id}")).text
