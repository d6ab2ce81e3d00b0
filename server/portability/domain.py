"""Portability: files in, files out."""

from server.kit.domain import Domain
from server.portability import jobs, live, web  # noqa: F401  jobs and live register themselves
from server.portability.access import may_hear_job

domain = Domain(name="portability", routes=[*web.routes], topics={"job": may_hear_job})
