"""One table of the API's operations: routes, checks of what comes in and the OpenAPI document are made from it."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.kit.about import parse_about
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import DomainError, Invalid
from server.kit.paging import API_LIMIT, PER_PAGE, decode_cursor, encode_cursor
from server.kit.text import _, clean
from server.kit.web import SAFE, Answer, Before, route

PREFIX = "/api/v1"
Number = Annotated[int, Field(ge=1, lt=10**18)]
Whose = Annotated[str, Field(pattern=r"^([1-9][0-9]{0,16}|me|none)?$", description="A number, `me` or `none`")]
Moment = Annotated[AwareDatetime, Field(strict=False)]  # ISO 8601 with its zone; JSON has no type for it


class Body(BaseModel):
    """What a client sends: exactly these members, of exactly these types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Query(BaseModel):
    """The parameters of an address; unknown ones are refused, so that a typing error is no filter lost."""

    model_config = ConfigDict(extra="forbid")


class Listing(Query):
    """The parameters that every list takes."""

    limit: int = Field(PER_PAGE, ge=1, le=API_LIMIT)
    cursor: str = Field("", max_length=40, description="The `next` of the page before")

    @property
    def after(self) -> int:
        return decode_cursor(self.cursor)


class Shape(BaseModel):
    """What the API answers. `home` is where things of this kind stand, each by its number, below the prefix; those that
    have no address of their own are read where they were posted."""

    model_config = ConfigDict(extra="forbid")
    home: ClassVar[str] = ""

    def location(self) -> str:
        return f"{PREFIX}/{self.home}/{getattr(self, 'id', '')}" if self.home else ""


S = TypeVar("S", bound=Shape)


class Page(Shape, Generic[S]):
    """`next` is the cursor of the following page, or null on the last one."""

    items: list[S]
    next: str | None


R = TypeVar("R")


def page_of(rows: list[R], limit: int, shape: Callable[[R], S], mark: Callable[[R], int]) -> Page[S]:
    """`rows` holds one more than `limit` when there is another page."""
    more = encode_cursor(mark(rows[limit - 1])) if len(rows) > limit else None
    return Page(items=[shape(row) for row in rows[:limit]], next=more)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address below the prefix."""

    method: str
    path: str
    summary: str
    gives: type[Shape] | None
    takes: type[Body] | None
    asks: type[Query]
    name: str
    sends: str = ""  # the field of the form that carries a file
    gives_file: bool = False

    @property
    def status(self) -> int:
        if self.gives_file:
            return 200
        return 204 if self.gives is None else 201 if self.method == "POST" else 200

    @property
    def group(self) -> str:
        return self.path.split("/")[1]


class ApiRoute(Route):
    """A route that knows its operation."""

    operation: Operation


ApiHandler = Callable[[Request, Tx, Principal], Awaitable[Shape | Response | None]]


def api(
    method: str,
    path: str,
    handler: ApiHandler,
    summary: str,
    *,
    gives: type[Shape] | None = None,
    takes: type[Body] | None = None,
    asks: type[Query] = Query,
    sends: str = "",
    gives_file: bool = False,
    before: Before | None = None,
) -> ApiRoute:
    """The handler finds what came in `request.state.body` and `request.state.query`, as `takes` and `asks` say.
    `sends`: a form with a file in this field comes instead of JSON; `gives_file`: bytes go instead. `before`:
    as routes have it."""
    operation = Operation(method, path, summary, gives, takes, asks, handler.__name__, sends, gives_file)

    @wraps(handler)
    async def answer(request: Request, tx: Tx, who: Principal) -> Answer:
        request.state.query = _read_query(asks, request.query_params)
        request.state.body = _read_body(takes, request.state.json) if takes else None
        shape = await handler(request, tx, who)
        if shape is None or isinstance(shape, Response):
            return shape or Response(status_code=204)
        headers = {"location": shape.location() or request.url.path} if method == "POST" else None
        return Response(shape.model_dump_json(), operation.status, headers, "application/json")

    inner = route(method, PREFIX + path, answer, before=before)
    made = ApiRoute(inner.path, inner.endpoint, methods=[method], name=f"{handler.__module__}.{handler.__name__}")
    made.operation = operation
    return made


def operations_of(routes: Iterable[BaseRoute]) -> list[Operation]:
    return [one.operation for one in routes if isinstance(one, ApiRoute)]


def is_write(operation: Operation) -> bool:
    return operation.method not in SAFE


def _read_body(model: type[Body], raw: Any) -> Body:
    if not isinstance(raw, dict):
        raise Invalid(_("Send a JSON object, with Content-Type: application/json"))
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _invalid(error) from error


def _read_query(model: type[Query], params: QueryParams) -> Query:
    given: Mapping[str, str] = dict(params)
    names = [clean(name, 80) for name, _value in params.multi_items()]
    if len(given) < len(names):
        raise Invalid(**{name: _("Each parameter is given once") for name in names if names.count(name) > 1})
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from error


def _invalid(error: ValidationError) -> Invalid:
    """All that is wrong, by member: "emails.0" is the first of the e-mails."""
    fields: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        fields.setdefault(_place(detail), _sentence(detail))
    found = Invalid(next(iter(fields.values())))
    found.fields = fields
    return found


def _place(detail: ErrorDetails) -> str:
    """Members and positions; the names that pydantic gives to the branches of a union are left out."""
    first, *rest = detail["loc"] or ("",)
    parts = [first, *(part for part in rest if isinstance(part, int))]
    return ".".join(clean(part, 80) for part in parts)


def _sentence(detail: ErrorDetails) -> str:
    limits = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return _("This is needed")
        case "extra_forbidden":
            return _("No such field")
        case "string_type" | "string_unicode":
            return _("Text is expected here")
        case "int_type" | "int_parsing" | "int_parsing_size" | "int_from_float":
            return _("A whole number is expected here")
        case "bool_type" | "bool_parsing":
            return _("true or false is expected here")
        case "list_type":
            return _("A list is expected here")
        case "dict_type" | "model_type":
            return _("An object is expected here")
        case "string_too_long":
            return _("At most %(n)s characters") % {"n": limits.get("max_length")}
        case "too_long":
            return _("At most %(n)s") % {"n": limits.get("max_length")}
        case "less_than_equal":
            return _("At most %(n)s") % {"n": limits.get("le")}
        case "less_than":
            return _("Less than %(n)s") % {"n": limits.get("lt")}
        case "string_pattern_mismatch":  # of what is asked for there is one: Whose
            return _("A number, me or none is expected here")
        case kind if kind.startswith("date_"):
            return _("A day such as 2026-12-02 is expected here")
        case kind if kind.startswith(("datetime_", "timezone_")):
            return _("A time with its zone, such as 2026-12-02T09:30:00Z, is expected here")
        case "greater_than_equal":
            return _("At least %(n)s") % {"n": limits.get("ge")}
        case "string_too_short":
            return _("This is needed")
        case "literal_error":
            return _("One of these is expected: %(list)s") % {"list": limits.get("expected")}
    return _("This does not fit here")


@contextmanager
def fields_named(**names: str) -> Iterator[None]:
    """Errors of a verb speak of its own fields; these are their names in the API (text="body")."""
    try:
        yield
    except DomainError as error:
        error.fields = {names.get(name, name): text for name, text in error.fields.items()}
        raise


@contextmanager
def linked(name: str) -> Iterator[None]:
    """Something that a body names and that is not there makes the body wrong, not the address."""
    try:
        yield
    except DomainError as error:
        if error.status != 404:
            raise
        raise Invalid(**{name: error.message}) from error


def asked_about(text: str | None) -> str | None:
    """A record that a list is asked for. One that is not there has nothing; what is no reference is a mistake."""
    if text is not None:
        with linked("about"):
            parse_about(text)
    return text
