"""The only errors a domain raises, and three more. Each knows its status; one handler turns them into answers."""

# What programs read in `error`: one name for each status, whoever found it (a verb, a door, the table of routes).
NAMES = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "no_such_method",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "too_many",
    500: "internal",
    503: "busy",
    507: "disk_full",
}


class DomainError(Exception):
    """`message` is a plain sentence for the person; `fields` maps a field's name to what is wrong with it."""

    status = 500

    def __init__(self, message: str = "", /, **fields: str) -> None:
        super().__init__(message)
        self.message = message or next(iter(fields.values()), "")
        self.fields = fields


class NotFound(DomainError):
    """Not there, or not yours to know of: the answer is the same."""

    status = 404


class Forbidden(DomainError):
    status = 403


class Invalid(DomainError):
    status = 422


class Conflict(DomainError):
    """Somebody was faster. `theirs` tells who, when and what, so that nobody's text is lost."""

    status = 409

    def __init__(self, message: str = "", theirs: dict[str, object] | None = None, /, **fields: str) -> None:
        super().__init__(message, **fields)
        self.theirs = theirs or {}


class TooLarge(DomainError):
    status = 413


class TooMany(DomainError):
    status = 429


class Unknown(DomainError):
    """Nobody is signed in. Raised at the door of every route for members: what has no right to write commits nothing,
    and so wakes nobody who waits for a commit."""

    status = 401


class Away(DomainError):
    """The database does not answer just now. In requests this one and the next are raised by nobody: kit/mishaps.py
    makes them of what the database or the file system said."""

    status = 503


class Full(DomainError):
    """No room on the disk."""

    status = 507
