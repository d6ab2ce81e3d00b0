"""Links that let people without an account into one call, and who comes by them."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from server.calls import events as facts
from server.calls.access import guest_topic, must_be_open
from server.calls.actions import go_out, tell
from server.calls.forms import LinkDraft, parse_guest_name, parse_link
from server.calls.models import Call, GuestLink, Participant
from server.identity.passwords import hash_token, new_token
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, NotFound
from server.kit.passes import make_pass, revoke_passes
from server.kit.text import _

MOST = 20  # links of one call that stand open
ON_THE_WAY = timedelta(minutes=1)  # from the name one says to the lobby
PASS_HOURS = 24  # longer than any call


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
    people = list(await tx.scalars(select(Participant).where(Participant.link_id == link.id)))
    for one in people:
        one.is_removed = True
        await go_out(tx, call, one, now(), "removed")
    await revoke_passes(tx, call.workspace_id, [one.subject for one in people])
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


async def come_by_link(tx: Tx, link: GuestLink, name: str, language: str) -> tuple[Participant, str]:
    """A place in the lobby, or in the room when the link says so, and the token of its pass, which is told this once.
    The link's row is locked: its seats are counted."""
    call = link.call
    await tx.refresh(call, ["locked", "ended_at"])
    if call.locked:  # before a seat is taken: who stands before a locked door has used nothing up
        raise Conflict(_("The call is locked. Ask whoever sent the link to open it, and come again."))
    await tx.refresh(link, ["seats", "revoked_at"], with_for_update=True)
    if link.revoked_at is not None:
        raise NotFound(_("This link is no longer good"))
    await _take_seat(tx, link)
    one = Participant(
        call_id=call.id,
        user_id=None,
        link_id=link.id,
        name=parse_guest_name(name),
        is_host=False,
        is_admitted=link.auto_admit,
    )
    tx.add(one)
    await tx.flush()
    house, scope = system(call.workspace_id), [guest_topic(call, one)]
    _pass, token = await make_pass(
        tx, house, "guest", one.subject, scope, name=one.name, language=language, hours=PASS_HOURS
    )
    return one, token


async def _take_seat(tx: Tx, link: GuestLink) -> None:
    """A seat is theirs who are in the call or its lobby, or on their way there, and theirs whom a host took out of it.
    Whoever left, or never got in, gives theirs to who comes now, and comes back by the link like them."""
    came = select(Participant).where(Participant.link_id == link.id).order_by(Participant.left_at, Participant.id)
    people = [one for one in await tx.scalars(came) if not one.is_removed or one.first_joined_at is not None]
    left = [one for one in people if not one.is_removed and not one.is_here and _is_free(one)]
    over = len(people) + 1 - link.seats
    if over > len(left):
        raise Conflict(_("Everybody this link was for has come already"))
    for one in left[: max(0, over)]:
        one.link_id = None
        await revoke_passes(tx, link.call.workspace_id, [one.subject])


def _is_free(one: Participant) -> bool:
    return one.left_at is not None or one.made_at < now() - ON_THE_WAY


async def guest_of(tx: Tx, subject: str) -> tuple[Call, Participant] | None:
    """Whose pass it is ("participant:5"), while the call goes on and the link stands."""
    kind, _colon, number = subject.partition(":")
    if kind != "participant" or not number.isdigit():
        return None
    found = (
        select(Call, Participant)
        .join(Participant, Participant.call_id == Call.id)
        .outerjoin(GuestLink, GuestLink.id == Participant.link_id)
        .where(
            Participant.id == int(number),
            Participant.is_removed.is_(False),
            Participant.user_id.is_(None),
            GuestLink.revoked_at.is_(None),  # also of who came by no link, but by the public line
            Call.ended_at.is_(None),
        )
    )
    row = (await tx.execute(found)).one_or_none()
    return (row[0], row[1]) if row else None
