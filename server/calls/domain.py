"""Calls: voice and video that belong to a customer's record, who is rung, what is recorded, and the log of them all."""

from server.calls import api, jobs, live, mixes, public, reactions, resources, web  # noqa: F401  most of them register themselves
from server.calls.access import may_hear_call, may_hear_calls
from server.calls.actions import end_call, log_call
from server.calls.queries import ringing_badge
from server.calls.rings import start_and_ring
from server.kit.domain import Domain, Nav, Panel

domain = Domain(
    name="calls",
    routes=[*web.routes, *resources.routes, *public.routes, *api.routes],
    topics={"call": may_hear_call, "calls": may_hear_calls},
    verbs={"call.start": start_and_ring, "call.log": log_call, "call.end": end_call},
    panels=[
        Panel(
            ("contact", "company"), "facts", "calls", "calls/_panel.html", web.load_panel, "/panels/calls?about={about}"
        )
    ],
    nav=[Nav("Calls", "/calls", "phone", 45, badge=ringing_badge, on_phone=False)],
)
