"""The verbs on a channel's mail accounts, and what was learned at them."""

from sqlalchemy import delete, select

from server.channels import events as facts
from server.channels.forms import WAYS, AccountDraft, parse_host, parse_port, parse_security
from server.channels.inbox import Login
from server.channels.models import Channel, LetterAside, MailAccount, MailInbox
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.events import emit
from server.kit.jobs import Services
from server.kit.mail import AccountMailer, Mailer, SmtpServer
from server.kit.seal import seal, unseal
from server.kit.text import _, clean

CHANGED = "mail_accounts_changed"  # in tx.info: the keeper looks at once


async def account_of(tx: Tx, channel: Channel, way: str) -> MailAccount | None:
    return await tx.get(MailAccount, (channel.id, way))


def login_of(account: MailAccount, secret: bytes) -> Login:
    password = unseal(secret, account.sealed)
    return Login(account.host, account.port, account.security, account.username, password, account.folder)


async def mailer_of(tx: Tx, channel: Channel, services: Services) -> Mailer:
    """The channel's own way out, else the installation's."""
    account = await account_of(tx, channel, "out")
    if account is None:
        return services.mailer
    login = login_of(account, services.settings.secret)
    server = SmtpServer(login.host, login.port, login.security, login.username, login.password)
    return AccountMailer(server, services.outbound)


async def set_account(
    tx: Tx, who: Principal, channel: Channel, way: str, draft: AccountDraft, secret: bytes
) -> MailAccount:
    """A known password goes to the server it was typed for and nowhere else: with another one it is asked for again."""
    host, port, security = parse_host(draft.host), parse_port(draft.port), parse_security(draft.security)
    username, folder = clean(draft.username, 320), clean(draft.folder, 200) or "INBOX"
    account = await account_of(tx, channel, way)
    there = (host, port, security, username)
    if not draft.password and username and (account is None or there != _there(account)):
        raise Invalid(password=_("Type the password for this server"))
    old = account.shown if account else ""
    if account is None:
        account = MailAccount(channel_id=channel.id, way=way, sealed="", version=0)
        tx.add(account)
    is_other_box = (account.host, account.username, account.folder) != (host, username, folder)
    account.host, account.port, account.security, account.username = there
    account.folder = folder
    account.sealed = seal(secret, draft.password) if draft.password else account.sealed
    account.version += 1
    if way == "in" and is_other_box:
        await _begin_anew(tx, channel, 0 if draft.history else None)
    await tx.flush()
    tx.info[CHANGED] = True
    emit(tx, who, facts.ChannelChanged(subject=channel.subject, field=WAYS[way], old=old, new=account.shown))
    return account


def _there(account: MailAccount) -> tuple[str, int, str, str]:
    return account.host, account.port, account.security, account.username


async def _begin_anew(tx: Tx, channel: Channel, last_uid: int | None) -> None:
    await tx.execute(delete(MailInbox).where(MailInbox.channel_id == channel.id))
    await tx.execute(delete(LetterAside).where(LetterAside.channel_id == channel.id))
    tx.add(MailInbox(channel_id=channel.id, validity=0, last_uid=last_uid, old_until=0, owner="", is_connected=False))


async def drop_account(tx: Tx, who: Principal, channel: Channel, way: str) -> None:
    account = await account_of(tx, channel, way)
    if account is None:
        return
    old = account.shown
    await tx.delete(account)
    if way == "in":
        await tx.execute(delete(MailInbox).where(MailInbox.channel_id == channel.id))
        await tx.execute(delete(LetterAside).where(LetterAside.channel_id == channel.id))
    tx.info[CHANGED] = True
    emit(tx, who, facts.ChannelChanged(subject=channel.subject, field=WAYS[way], old=old, new=""))


async def settle_aside(tx: Tx, who: Principal, channel: Channel, letter_id: int, *, again: bool) -> None:
    """A letter that could not be taken is tried once more, or given up; it stays in its mailbox either way."""
    found = select(LetterAside).where(LetterAside.channel_id == channel.id, LetterAside.id == letter_id)
    letter = await tx.scalar(found)
    if letter is None:
        raise NotFound(_("No such letter"))
    if again:
        letter.again = True
        tx.info[CHANGED] = True
    else:
        await tx.delete(letter)
    emit(tx, who, facts.ChannelSetAside(subject=channel.subject))
