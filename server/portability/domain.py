"""Portability: files in, files out."""

from server.kit.domain import Domain
from server.portability import jobs  # noqa: F401  registers itself

domain = Domain(name="portability")
