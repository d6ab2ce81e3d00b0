"""A PIN as it is given: drawn and hashed before the transaction, shown once, and the link that proves the same."""

from starlette.requests import Request

from server.announcer.models import CustomerNumber, Line
from server.announcer.pins import new_pin
from server.announcer.proof import make_proof
from server.kit.access import Principal

ONCE = {"cache-control": "no-store"}  # whoever asks again with the same key is not shown it a second time


async def make_pin(request: Request, who: Principal) -> None:
    """Hashing is slow on purpose: outside the transaction."""
    request.state.pin = new_pin()
    request.state.pin_hash = await request.app.state.passwords.hash(request.state.pin)


def link_of(request: Request, line: Line, row: CustomerNumber, base: str) -> str:
    proof = make_proof(request.app.state.settings.secret, line.key, row.contact_id, row.set_at)
    return f"{base}/p/call/{line.key}?proof={proof}"
