"""The session cookie: `__Host-` and Secure on https, a plain name otherwise (/settings/check says so)."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.settings import Settings


def cookie_name(settings: Settings) -> str:
    return "__Host-session" if settings.is_https else "session"


def read_cookie(connection: HTTPConnection) -> str | None:
    return connection.cookies.get(cookie_name(connection.app.state.settings))


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=settings.session_days * 86_400,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def forget_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.is_https, httponly=True, samesite="lax")
