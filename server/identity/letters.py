"""Letters to people: invitations, links for a new password, what a new role means. Sent by a job after the commit."""

from server.identity.models import User, Workspace
from server.kit.access import system
from server.kit.db import Tx
from server.kit.jobs import enqueue
from server.kit.text import _, speaking


def send_letter(tx: Tx, workspace_id: int, to: str, subject: str, text: str) -> None:
    """Leaves with the commit; tried again when the mail server does not answer."""
    enqueue(tx, system(workspace_id), "identity.send_letter", {"to": to, "subject": subject, "text": text})


def invite_by_letter(tx: Tx, by: str, workspace: Workspace, email: str, link: str) -> None:
    """In the workspace's language: nobody knows theirs yet."""
    with speaking(workspace.language):
        names = {"who": by, "name": workspace.name}
        subject = _("%(who)s invites you to %(name)s") % names
        text = _(
            "%(who)s invites you to the table of %(name)s. This link is yours alone and works once, for seven days:"
        )
        send_letter(tx, workspace.id, email, subject, f"{text % names}\n\n{link}\n")


def tell_of_role(tx: Tx, by: str, user: User, workspace: Workspace) -> None:
    with speaking(user.language):
        names = {"who": by, "name": workspace.name, "role": role_text(user.role)}
        subject = _("Your role in %(name)s changed") % names
        send_letter(
            tx, workspace.id, user.email, subject, _("%(who)s changed what you may do in %(name)s: %(role)s") % names
        )


def role_text(role: str) -> str:
    return {
        "owner": _("owner, everything and who owns it"),
        "admin": _("admin, settings and people too"),
        "manager": _("manager, deletes and restricts records too"),
        "member": _("member, reads and writes"),
        "read-only": _("reads, and writes nothing"),
    }[role]


def reset_by_letter(tx: Tx, user: User, workspace: Workspace, link: str) -> None:
    with speaking(user.language):
        names = {"name": workspace.name}
        text = _("Set a new password for %(name)s within two hours:") % names
        send_letter(tx, workspace.id, user.email, _("A new password for %(name)s") % names, f"{text}\n\n{link}\n")
