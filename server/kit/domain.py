"""A domain's manifest: what main plugs in. Adding a domain is adding a folder that has one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from sqlalchemy import ScalarSelect
from starlette.routing import BaseRoute

import server
from server.kit.access import Principal, Role
from server.kit.db import Tx

MayListen = Callable[[Tx, Principal, set[str]], Awaitable[set[str]]]
Verb = Callable[..., Awaitable[Any]]
Load = Callable[[Tx, Principal, str], Awaitable[dict[str, Any]]]
Badge = Callable[[Principal], ScalarSelect[Any]]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a record's page that another domain owns: loaded in the page's own transaction, shown in `slot`
    ("centre", "facts" or "dock"; "about" and "notes" stand beside its calls), fetched again from `url`.
    `load(tx, who, about)` gives the template's inputs. `after`: what the page can do without comes after its first
    paint, from `url`, as a request of its own. Panels stand by their `order`, and those of the same one by their
    domains' names."""

    on: tuple[str, ...]
    slot: str
    name: str
    template: str
    load: Load
    url: str
    topics: Callable[[str], list[str]] = lambda about: [about]
    after: bool = False
    order: int = 50

    def address(self, about: str) -> str:
        return self.url.format(about=about, id=about.partition(":")[2])


@dataclass(frozen=True, slots=True)
class Nav:
    """An entry of the sidebar. `badge` counts what waits for the reader, as a scalar subquery; the entry is marked on
    pages below its own address and those of `also`."""

    title: str
    url: str
    icon: str
    order: int
    badge: Badge | None = None
    on_phone: bool = True
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        return path.startswith((self.url, *self.also))


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """An entry of the settings, for people of at least this role."""

    title: str
    url: str
    icon: str
    order: int
    role: Role = "read-only"


@dataclass(frozen=True, slots=True)
class Domain:
    name: str
    routes: Sequence[BaseRoute] = ()
    topics: dict[str, MayListen] = field(default_factory=dict)
    verbs: dict[str, Verb] = field(default_factory=dict)
    panels: list[Panel] = field(default_factory=list)
    nav: list[Nav] = field(default_factory=list)
    settings: list[SettingsPage] = field(default_factory=list)


@cache
def discover() -> list[Domain]:
    """Every domain, by name. Importing a manifest registers its facts, renderers, reactions and jobs."""
    names = [module.name for module in iter_modules(server.__path__) if module.ispkg and module.name != "kit"]
    return [
        import_module(f"server.{name}.domain").domain for name in sorted(names) if find_spec(f"server.{name}.domain")
    ]


@dataclass(frozen=True, slots=True)
class House:
    """All domains together, as pages and the API see them."""

    domains: list[Domain]

    @property
    def routes(self) -> list[BaseRoute]:
        return [route for domain in self.domains for route in domain.routes]

    @property
    def topics(self) -> dict[str, MayListen]:
        return {kind: check for domain in self.domains for kind, check in domain.topics.items()}

    @property
    def verbs(self) -> dict[str, Verb]:
        return {name: verb for domain in self.domains for name, verb in domain.verbs.items()}

    @property
    def nav(self) -> list[Nav]:
        return sorted((entry for domain in self.domains for entry in domain.nav), key=lambda entry: entry.order)

    def settings_for(self, who: Principal) -> list[SettingsPage]:
        pages = [entry for domain in self.domains for entry in domain.settings if who.is_at_least(entry.role)]
        return sorted(pages, key=lambda entry: entry.order)

    def panels(self, kind: str, *slots: str) -> list[Panel]:
        found = [each for domain in self.domains for each in domain.panels if kind in each.on and each.slot in slots]
        return sorted(found, key=lambda panel: panel.order)
