"""The ways in: set-up, sign-in, invitation, new password. And people as others see them."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.identity import actions, letters
from server.identity.access import get_user
from server.identity.cookies import forget_cookie, set_cookie
from server.identity.entry import client_address, find_accounts, find_ticket, next_page
from server.identity.forms import ZONES, all_wrong, one_of, parse_email, parse_emails, parse_name
from server.identity.models import User
from server.identity.passwords import check_password
from server.identity.queries import count_tokens, get_workspace, is_set_up, pick_people
from server.kit.access import Principal, system
from server.kit.db import Database, Tx, one_at_a_time
from server.kit.errors import DomainError, Invalid, NotFound
from server.kit.files import Files
from server.kit.pages import render
from server.kit.text import LANGUAGES, _, language
from server.kit.web import Answer, field, open_route, request_language, route


def gate(request: Request, template: str, **context: object) -> str:
    """A page of its own in the middle, for people who are not in yet."""
    return render(template, nonce=request.state.nonce, who=None, errors=context.pop("errors", {}), **context)


async def home(request: Request, database: Database) -> Answer:
    async with database.transaction(read=True) as tx:
        ready = await is_set_up(tx)
    return RedirectResponse("/contacts" if ready else "/setup", 303)


async def setup_page(request: Request, database: Database) -> Answer:
    async with database.transaction(read=True) as tx:
        if await is_set_up(tx):
            return RedirectResponse("/signin", 303)
    return gate(request, "identity/setup.html", form={}, zones=sorted(ZONES))


async def setup(request: Request, database: Database) -> Answer:
    """The first visit makes the workspace and its owner; later ones are sent away."""
    form = request.state.form
    try:
        owner = actions.PersonDraft(
            name=parse_name(field(form, "name")),
            email=parse_email(field(form, "email")),
            password_hash=check_password(field(form, "password")),
        )
        draft = actions.WorkspaceDraft(
            name=parse_name(field(form, "workspace"), "workspace"),
            language=one_of("language", field(form, "language") or language(), LANGUAGES),
            timezone=one_of("timezone", field(form, "timezone") or "UTC", ZONES),
            departments=tuple(parse_name(str(name)) for name in form.getlist("department") if str(name).strip()),
        )
        guests = parse_emails("invite", field(form, "invite"))
    except Invalid as error:
        errors = _wrong_at_setup(form) or error.fields
        return HTMLResponse(gate(request, "identity/setup.html", form=form, zones=sorted(ZONES), errors=errors), 422)
    hashed = await request.app.state.passwords.hash(owner.password_hash)
    secret = request.app.state.settings.secret
    async with database.transaction() as tx:
        await one_at_a_time(tx, "set-up")
        if await is_set_up(tx):
            return RedirectResponse("/signin", 303)
        workspace, user = await actions.create_workspace(
            tx, draft, actions.PersonDraft(owner.name, owner.email, hashed)
        )
        links = {}
        for email in guests:
            if email != user.email:
                links[email] = await actions.invite(tx, system(workspace.id), email, "member", None, secret)
                if request.app.state.services.mailer.is_real:
                    link = f"{request.app.state.settings.url}/join/{links[email]}"
                    letters.invite_by_letter(tx, user.name, workspace, email, link)
        token = await _open_session(tx, request, user)
    answer = _links_page(request, links) if links else RedirectResponse("/contacts", 303)
    set_cookie(answer, request.app.state.settings, token)
    return answer


def _wrong_at_setup(form: FormData) -> dict[str, str]:
    return all_wrong(
        lambda: parse_name(field(form, "workspace"), "workspace"),
        lambda: parse_name(field(form, "name")),
        lambda: parse_email(field(form, "email")),
        lambda: check_password(field(form, "password")),
        lambda: parse_emails("invite", field(form, "invite")),
    )


def _links_page(request: Request, tokens: dict[str, str]) -> Response:
    base = request.app.state.settings.url if request.app.state.settings.base_url else str(request.base_url).rstrip("/")
    links = {email: f"{base}/join/{token}" for email, token in tokens.items()}
    mailed = request.app.state.services.mailer.is_real
    return HTMLResponse(gate(request, "identity/links.html", links=links, mailed=mailed))


async def signin_page(request: Request, database: Database) -> Answer:
    async with database.transaction(read=True) as tx:
        if not await is_set_up(tx):
            return RedirectResponse("/setup", 303)
    return gate(request, "identity/signin.html", form={}, next=next_page(request), workspaces=[], left=None)


async def signin(request: Request, database: Database) -> Answer:
    """A mail known in several workspaces asks which, after the password was right."""
    form = request.state.form
    email, password = field(form, "email", 320).lower(), field(form, "password")
    address = client_address(request)
    left = await request.app.state.throttle.hit(email, address)
    async with database.transaction(read=True) as tx:
        accounts = await find_accounts(tx, email)
    passwords = request.app.state.passwords
    hashes = [user.password_hash for user, _workspace in accounts] or [""]
    right = [i for i, hashed in enumerate(hashes) if await passwords.is_right(hashed, password)]
    matching = [accounts[i] for i in right]
    chosen = [pair for pair in matching if str(pair[1].id) == field(form, "workspace")] or matching
    if len(chosen) != 1:
        return _not_in(request, form, left, [workspace for _user, workspace in chosen])
    await request.app.state.throttle.forgive(email)
    async with database.transaction() as tx:
        token = await _open_session(tx, request, chosen[0][0])
    response = RedirectResponse(next_page(request), 303)
    set_cookie(response, request.app.state.settings, token)
    return response


def _not_in(request: Request, form: object, left: int, workspaces: list[object]) -> Response:
    errors = {} if workspaces else {"password": _("Mail and password do not match.")}
    html = gate(
        request,
        "identity/signin.html",
        form=form,
        next=next_page(request),
        workspaces=workspaces,
        left=left,
        errors=errors,
    )
    return HTMLResponse(html, 200 if workspaces else 422)


async def _open_session(tx: Tx, request: Request, user: User) -> str:
    settings = request.app.state.settings
    device = request.headers.get("user-agent", "")
    return await actions.start_session(
        tx, user, device, client_address(request), settings.session_days, settings.secret
    )


async def signout(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, who.user_id or 0)
    await actions.end_sessions(tx, who, user, only=who.session_id)
    response = RedirectResponse("/signin", 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    forget_cookie(response, request.app.state.settings)
    return response


async def join_page(request: Request, database: Database) -> Answer:
    async with database.transaction(read=True) as tx:
        ticket = await find_ticket(tx, request, "invite")
        workspace = await get_workspace(tx, system(ticket.workspace_id))
    return gate(request, "identity/join.html", email=ticket.email, workspace=workspace, form={})


async def join(request: Request, database: Database) -> Answer:
    form = request.state.form
    async with database.transaction(read=True) as tx:
        ticket = await find_ticket(tx, request, "invite")
        workspace = await get_workspace(tx, system(ticket.workspace_id))
    try:
        name, password = parse_name(field(form, "name")), check_password(field(form, "password"))
    except DomainError as error:
        html = gate(
            request, "identity/join.html", email=ticket.email, workspace=workspace, form=form, errors=error.fields
        )
        return HTMLResponse(html, 422)
    hashed = await request.app.state.passwords.hash(password)
    async with database.transaction() as tx:
        ticket = await find_ticket(tx, request, "invite")
        user = await actions.accept_invitation(tx, ticket, actions.PersonDraft(name, ticket.email, hashed))
        user.language = request_language(request)
        token = await _open_session(tx, request, user)
    response = RedirectResponse("/contacts", 303)
    set_cookie(response, request.app.state.settings, token)
    return response


async def forgot_page(request: Request, database: Database) -> Answer:
    return gate(request, "identity/forgot.html", form={}, sent=False, mails=request.app.state.services.mailer.is_real)


async def forgot(request: Request, database: Database) -> Answer:
    """The same answer whether the mail is known or not."""
    email = field(request.state.form, "email", 320).lower()
    await request.app.state.throttle.hit(f"reset {email}", client_address(request))
    settings, mailer = request.app.state.settings, request.app.state.services.mailer
    async with database.transaction() as tx:
        for user, workspace in await find_accounts(tx, email):
            token = actions.start_reset(tx, user, settings.secret)
            if mailer.is_real:
                letters.reset_by_letter(tx, user, workspace, f"{settings.url}/reset/{token}")
    return gate(request, "identity/forgot.html", form={}, sent=True, mails=mailer.is_real)


async def reset_page(request: Request, database: Database) -> Answer:
    async with database.transaction(read=True) as tx:
        return gate(request, "identity/reset.html", **await _reset_inputs(tx, request))


async def _reset_inputs(tx: Tx, request: Request) -> dict[str, object]:
    ticket = await find_ticket(tx, request, "reset")
    user = await get_user(tx, system(ticket.workspace_id), ticket.user_id or 0)
    return {"email": ticket.email, "tokens": await count_tokens(tx, user)}


async def reset(request: Request, database: Database) -> Answer:
    form = request.state.form
    async with database.transaction(read=True) as tx:
        inputs = await _reset_inputs(tx, request)
    try:
        password = check_password(field(form, "password"))
    except Invalid as error:
        return HTMLResponse(gate(request, "identity/reset.html", **inputs, errors=error.fields), 422)
    hashed = await request.app.state.passwords.hash(password)
    async with database.transaction() as tx:
        ticket = await find_ticket(tx, request, "reset")
        user = await get_user(tx, system(ticket.workspace_id), ticket.user_id or 0)
        await actions.finish_reset(tx, ticket, user, hashed, revoke=field(form, "revoke") == "1")
    return RedirectResponse("/signin", 303)


async def people(request: Request, tx: Tx, who: Principal) -> Answer:
    """The list under an @: people and teams."""
    users, teams = await pick_people(tx, who, request.query_params.get("q", "")[:80])
    return render("identity/_people.html", users=users, teams=teams)


async def chip(request: Request, tx: Tx, who: Principal) -> Answer:
    return render("identity/_chip.html", person=await get_user(tx, who, request.path_params["id"]))


async def picture(request: Request, tx: Tx, who: Principal) -> Answer:
    user = await get_user(tx, who, request.path_params["id"])
    if not user.picture:
        raise NotFound()
    files: Files = request.app.state.services.files
    return files.response(user.picture, "picture.webp", "image/webp", inline=True)


routes = [
    open_route("GET", "/", home),
    open_route("GET", "/setup", setup_page),
    open_route("POST", "/setup", setup),
    open_route("GET", "/signin", signin_page),
    open_route("POST", "/signin", signin),
    open_route("GET", "/join/{token}", join_page),
    open_route("POST", "/join/{token}", join),
    open_route("GET", "/forgot", forgot_page),
    open_route("POST", "/forgot", forgot),
    open_route("GET", "/reset/{token}", reset_page),
    open_route("POST", "/reset/{token}", reset),
    route("POST", "/signout", signout, personal=True),
    route("GET", "/people", people),
    route("GET", "/people/{id:int}/chip", chip),
    route("GET", "/people/{id:int}/picture", picture),
]
