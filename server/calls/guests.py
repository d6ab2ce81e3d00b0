"""Links that let people without an account into one call, and who comes by them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from server.calls import events as facts
from server.calls.access import must_be_open
from server.calls.actions import tell
from server.calls.forms import LinkDraft, parse_guest_name, parse_link
from server.calls.models import Call, GuestLink, Participant
from server.identity.passwords import hash_token, new_token
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, NotFound
from server.kit.text import _

MOST = 20  # links of one call that stand open


@dataclass(frozen=True, slots=True)
class GuestPlace:
    """A guest's place, and the token that brings them back to it: given in plain this once."""

    participant: Participant
    token: str


async def make_link(tx: Tx, who: Principal, call: Call, draft: LinkDraft, secret: bytes) -> tuple[GuestLink, str]:
    """The link and its secret, which is stored hashed and shown once."""
    must_be_open(call)
    checked = parse_link(draft.name, draft.hours, draft.seats, draft.auto_admit)
    standing = select(func.count()).where(GuestLink.call_id == call.id, GuestLink.revoked_at.is_(None))
    if (await tx.scalar(standing) or 0) >= MOST:
        raise Conflict(_("Take a link back first: a call has at most %(n)s") % {"n": MOST})
    token = new_token()
    link = GuestLink(
        call_id=call.id,
        token_hash=hash_token(secret, token),
        name=checked.name,
        maker_id=who.user_id,
        made_at=now(),
        expires_at=now() + timedelta(hours=checked.hours),
        seats=checked.seats,
        auto_admit=checked.auto_admit,
        revoked_at=None,
    )
    tx.add(link)
    await tx.flush()
    tell(tx, who, call, facts.GuestInvited, name=link.name)
    return link, token


async def take_back_link(tx: Tx, who: Principal, call: Call, link: GuestLink) -> None:
    """Nobody comes by it any more, and who came by it goes out."""
    if link.revoked_at is not None:
        return
    link.revoked_at = now()
    for one in await tx.scalars(select(Participant).where(Participant.link_id == link.id)):
        one.is_removed = True
    tell(tx, who, call, facts.GuestUninvited, name=link.name)


async def open_link(tx: Tx, token: str, secret: bytes) -> GuestLink:
    """With its call. Not there, taken back, too old and over are answered alike."""
    found = select(GuestLink).where(
        GuestLink.token_hash == hash_token(secret, token),
        GuestLink.revoked_at.is_(None),
        GuestLink.expires_at > now(),
    )
    link = await tx.scalar(found.options(joinedload(GuestLink.call)))
    if link is None or not link.call.is_open:
        raise NotFound(_("This link is no longer good"))
    return link


async def come_by_link(tx: Tx, link: GuestLink, name: str, secret: bytes) -> GuestPlace:
    """A place in the lobby, or in the room when the link says so. The link's row is locked: its seats are counted."""
    await tx.refresh(link, with_for_update=True)
    taken = select(func.count()).where(Participant.link_id == link.id)
    if (await tx.scalar(taken) or 0) >= link.seats:
        raise Conflict(_("Everybody this link was for has come already"))
    token = new_token()
    one = Participant(
        call_id=link.call_id,
        user_id=None,
        link_id=link.id,
        name=parse_guest_name(name),
        token_hash=hash_token(secret, token),
        is_host=False,
        is_admitted=link.auto_admit,
        is_removed=False,
        is_muted=False,
        is_held=False,
        is_here=False,
        seconds=0,
        consent="",
        consent_words="",
    )
    tx.add(one)
    await tx.flush()
    return GuestPlace(one, token)


async def guest_by_token(tx: Tx, token: str, secret: bytes) -> tuple[Call, Participant] | None:
    """Who a guest's token belongs to, while its call goes on and its link stands."""
    found = (
        select(Call, Participant)
        .join(Participant, Participant.call_id == Call.id)
        .join(GuestLink, GuestLink.id == Participant.link_id)
        .where(
            Participant.token_hash == hash_token(secret, token),
            Participant.is_removed.is_(False),
            GuestLink.revoked_at.is_(None),
            Call.ended_at.is_(None),
        )
    )
    row = (await tx.execute(found)).one_or_none()
    return (row[0], row[1]) if row else None


def guest_principal(call: Call, one: Participant, language: str = "en") -> Principal:
    """A guest as the rest of the house knows one: nobody's account, no rights but those of their own door."""
    return Principal(None, call.workspace_id, "read-only", kind="guest", name=one.name, language=language)
