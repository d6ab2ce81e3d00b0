"""A call and who takes part in it, whom it rings, who may come by a link, and what was recorded."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.identity.models import Team, User
from server.kit.clock import now
from server.kit.db import Base
from server.kit.files import holds_files

KINDS = ("video", "audio", "phone")  # phone: made elsewhere and logged by hand
DIRECTIONS = ("out", "in")


class Call(Base):
    """`room` is its name on the wire: 128 random bits. `owner` is the process that carries the media, until
    `lease_until`. `recording`: off | on | paused. `about` "": somebody called of whom nothing is known (yet).

    A call that was made elsewhere and logged by hand has `kind` "phone", a number and its minutes between
    `started_at` and `ended_at`; nobody ever joins it.
    """

    __tablename__ = "call"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    room: Mapped[str] = mapped_column(unique=True)
    about: Mapped[str]
    kind: Mapped[str]
    direction: Mapped[str] = mapped_column(default="out")
    number: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(Text, default="")
    starter_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    started_at: Mapped[datetime]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")  # why it ended: ended | empty | lost; of a logged one its outcome
    seconds: Mapped[int] = mapped_column(default=0)  # from its first one's coming to its end, once it is over
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    locked: Mapped[bool] = mapped_column(default=False)
    handed: Mapped[bool] = mapped_column(default=False)  # whoever answers now becomes its host
    attended: Mapped[bool] = mapped_column(default=False)  # the announcer looks after it until somebody comes
    recording: Mapped[str] = mapped_column(default="off")
    secret: Mapped[bool] = mapped_column(default=False)  # a PIN is being typed: nothing is recorded meanwhile
    hushed: Mapped[bool] = mapped_column(default=False)  # recorded again as soon as that is over
    legal_hold: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    starter: Mapped[User | None] = relationship(foreign_keys=[starter_id], lazy="raise")
    answerer: Mapped[User | None] = relationship(foreign_keys=[answered_by], lazy="raise")
    people: Mapped[list["Participant"]] = relationship(lazy="raise", order_by="Participant.id", viewonly=True)
    recordings: Mapped[list["Recording"]] = relationship(lazy="raise", order_by="Recording.id", viewonly=True)

    __table_args__ = (
        Index("ix_call_list", "workspace_id", "started_at", "id"),
        Index("ix_call_about", "workspace_id", "about", "started_at"),
        Index(
            "ix_call_open",
            "lease_until",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},  # a number is never given twice: facts and topics name it
    )

    @property
    def subject(self) -> str:
        return f"call:{self.id}"

    @property
    def url(self) -> str:
        return f"/calls/{self.id}"

    @property
    def mix_key(self) -> str:
        """Of the one job that mixes what was recorded."""
        return f"calls.mix:{self.id}"

    @property
    def video_key(self) -> str:
        """Of the one job that makes a video of what was recorded."""
        return f"calls.video:{self.id}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def caller_name(self) -> str:
        """As the guest of a call that came in has called themselves; with its people loaded."""
        return next((one.name for one in self.people if one.is_guest), "")

    @property
    def is_phone(self) -> bool:
        """Made elsewhere, written down by hand."""
        return self.kind == "phone"


class Participant(Base):
    """A person in a call: a member, or a guest who came by a link. Their session or their pass brings them back to it.

    `consent`: yes | no | "" (not asked yet), with the words that were shown. Who leaves a message is recorded from
    `message_at` to `message_until` and has agreed to nothing else. Facts name them by `name`.
    """

    __tablename__ = "call_participant"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("call_guest_link.id"))
    name: Mapped[str]
    is_host: Mapped[bool] = mapped_column(default=False)
    is_admitted: Mapped[bool] = mapped_column(default=False)
    is_removed: Mapped[bool] = mapped_column(default=False)
    is_muted: Mapped[bool] = mapped_column(default=False)
    is_held: Mapped[bool] = mapped_column(default=False)
    is_here: Mapped[bool] = mapped_column(default=False)
    first_joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    seconds: Mapped[int] = mapped_column(default=0)  # spent in the call until `left_at`, over all its stays
    joined_at: Mapped[datetime | None]  # the stay that goes on
    made_at: Mapped[datetime] = mapped_column(default=now)
    consent: Mapped[str] = mapped_column(default="")
    consent_words: Mapped[str] = mapped_column(default="")
    consent_at: Mapped[datetime | None]
    message_at: Mapped[datetime | None]
    message_until: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(lazy="raise")

    @property
    def subject(self) -> str:
        """What a guest's pass is given for."""
        return f"participant:{self.id}"

    @property
    def is_guest(self) -> bool:
        return self.user_id is None

    @property
    def is_leaving_message(self) -> bool:
        return self.message_at is not None and self.message_until is None

    @property
    def is_agreed(self) -> bool:
        """May be recorded now."""
        return self.consent == "yes" or self.is_leaving_message

    @property
    def is_unasked(self) -> bool:
        return not self.consent and not self.is_leaving_message

    @property
    def is_waiting(self) -> bool:
        """In the lobby."""
        return self.is_here and not self.is_admitted

    __table_args__ = (UniqueConstraint("call_id", "user_id"), {"sqlite_autoincrement": True})


class Ring(Base):
    """Whom a call rings. `state`: ringing | busy (in another call) | answered | declined | missed | over."""

    __tablename__ = "call_ring"

    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))  # as one of this team
    state: Mapped[str]
    at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")

    @property
    def is_told(self) -> bool:
        """Whether a page says how it stands with them; who has answered is in the call, or was."""
        return self.state in ("ringing", "busy", "declined", "missed")


class GuestLink(Base):
    """Lets somebody without an account into one call. The link's secret is stored hashed."""

    __tablename__ = "call_guest_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")  # for whom it was made
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    seats: Mapped[int] = mapped_column(default=1)
    auto_admit: Mapped[bool] = mapped_column(default=False)
    revoked_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship(lazy="raise")


class CallMessage(Base):
    """Said in the talk of a call, which its guests read too."""

    __tablename__ = "call_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("call_participant.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    participant: Mapped[Participant] = relationship(lazy="raise")


class Part(Base):
    """One recorded track from its start to its end, as it came: Opus or VP8 in WebM."""

    __tablename__ = "call_part"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("call_participant.id", ondelete="CASCADE"))
    source: Mapped[str]  # audio | camera | screen
    file: Mapped[str] = mapped_column(unique=True)  # a part is told of again after an error, and kept once
    started_at: Mapped[datetime]
    seconds: Mapped[float]
    size: Mapped[int]  # bytes


class Recording(Base):
    """What was made of a call's parts. `kind`: sound | video. `peaks`: the waveform, 0 … 255 each."""

    __tablename__ = "call_recording"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    file: Mapped[str]
    begun_at: Mapped[datetime]  # the moment of the call at which it begins
    seconds: Mapped[float]
    size: Mapped[int]
    peaks: Mapped[list[Any]]
    made_at: Mapped[datetime]
    keep_until: Mapped[datetime]

    __table_args__ = (UniqueConstraint("call_id", "kind"),)


holds_files(Recording.file)
