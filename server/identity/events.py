"""What happens to people, teams and the workspace. Subjects: "user:5", "team:2", "workspace:1"."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("workspace.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCreated(Event):
    name: str


@event("workspace.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceChanged(Event):
    field: str
    old: str
    new: str


@event("user.joined")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserJoined(Event):
    name: str
    role: str


@event("user.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged(Event):
    """A field of the profile; pictures and themes have no old and new worth keeping."""

    field: str
    old: str
    new: str


@event("user.role_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserRoleChanged(Event):
    old: str
    new: str


@event("user.deactivated")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeactivated(Event):
    pass


@event("user.reactivated")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserReactivated(Event):
    pass


@event("user.signed_out")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedOut(Event):
    """`sessions` ended: sockets of them close."""

    sessions: int


@event("user.password_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserPasswordChanged(Event):
    pass


@event("user.invited")
@dataclass(frozen=True, slots=True, kw_only=True)
class UserInvited(Event):
    email: str
    role: str


@event("team.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class TeamCreated(Event):
    name: str


@event("team.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRemoved(Event):
    """`members`: who was in it."""

    name: str
    members: list[int]


@event("team.joined")
@dataclass(frozen=True, slots=True, kw_only=True)
class TeamJoined(Event):
    user: int


@event("team.left")
@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLeft(Event):
    user: int
