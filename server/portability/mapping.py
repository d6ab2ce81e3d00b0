"""Which column goes to which field: a first guess by names and content, and the choice a person made."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.contacts.fields import CUSTOM, labels
from server.contacts.models import CustomField
from server.kit.access import Principal
from server.kit.errors import Forbidden, Invalid
from server.kit.text import LANGUAGES, _, fold, speaking
from server.portability import vcards

NEW = "new:"  # a new custom field of this kind
OUT = ""
NEW_KINDS = ("text", "number", "date", "yes_no", "choice")
PARTS = ("first_name", "last_name")
MANY = ("emails", "phones", "addresses", "tags", *PARTS)  # several columns may go there
KEYS = ("emails", "phones", "name")
MOST_COLUMNS_OF_ONE = 10

WORDS = {
    "name": "name,full name,fullname,display name,contact,contact name,customer,customer name,client,client name,"
    "nombre,nombre completo,nombre y apellidos,apellidos y nombre,contacto,cliente,razon social,fn",
    "first_name": "first name,firstname,first,given name,forename,nombre de pila,primer nombre",
    "last_name": "last name,lastname,last,surname,family name,apellido,apellidos,primer apellido,segundo apellido",
    "emails": "email,e mail,mail,email address,e mail address,primary email,email 1,email 2,e mail 1 value,"
    "e mail 2 value,work email,home email,correo,correo electronico,direccion de correo,correo 1,correo 2,emails",
    "phones": "phone,phone number,telephone,telephone number,tel,mobile,mobile phone,cell,cell phone,phone 1,phone 2,"
    "phone 1 value,phone 2 value,work phone,home phone,business phone,telefono,telefono 1,telefono 2,movil,"
    "telefono movil,telefono fijo,celular,fijo,phones,numero de telefono",
    "title": "role,title,job title,position,job,cargo,puesto,puesto de trabajo,rol,funcion",
    "company": "company,company name,organization,organisation,organization name,account,account name,employer,"
    "empresa,compania,organizacion,sociedad,nombre de la empresa,org",
    "addresses": "address,street,street address,postal address,mailing address,address 1,address line 1,"
    "address line 2,home address,work address,direccion,direccion postal,domicilio,calle",
    "owner": "owner,account owner,responsible,responsable,propietario,comercial,gestor",
    "team": "team,department,equipo,departamento",
    "language": "language,preferred language,idioma,lengua",
    "tags": "tags,tag,labels,categories,groups,etiquetas,etiqueta,categorias,grupos,group membership",
}
PLACE = (
    "city,town,zip,zip code,postcode,postal code,state,province,county,country,"
    "ciudad,localidad,poblacion,cp,codigo postal,provincia,pais"
)
BY_WORD = {word: target for target, words in WORDS.items() for word in words.split(",")}


@dataclass(slots=True)
class Plan:
    """The mapping as it runs. `targets`: one a column, a field's name or OUT; `key`: how known records are found."""

    kind: str
    headers: list[str]
    targets: list[str]
    key: str = ""
    month_first: frozenset[int] = field(default_factory=frozenset)
    read: dict[tuple[str, str], Any] = field(default_factory=dict)  # values that were parsed before

    @property
    def fields(self) -> set[str]:
        return {target for target in self.targets if target}

    def column_of(self, name: str) -> str:
        """The column a field comes from, for telling where an error stands."""
        parts = PARTS if name == "name" and "name" not in self.targets else (name,)
        return next((h for h, target in zip(self.headers, self.targets, strict=True) if target in parts), "")


def plain_words(header: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(header)).strip()


def guess(survey: Mapping[str, Any], known: Sequence[CustomField], who: Principal) -> list[str]:
    """One target a column. Built-in names first, then known custom fields, then what the cells look like."""
    columns: list[dict[str, Any]] = survey["columns"]
    custom = {plain_words(one.label): CUSTOM + one.key for one in known} | {
        plain_words(one.key): CUSTOM + one.key for one in known
    }
    own = _own_labels()
    targets = [_by_name(column["header"], own, custom, survey["reading"]["kind"]) for column in columns]
    _tidy_names(targets, columns)
    if "addresses" in targets:
        places = PLACE.split(",")
        for n, column in enumerate(columns):
            if targets[n] is None and plain_words(column["header"]) in places:
                targets[n] = "addresses"
    taken = set(filter(None, targets))
    final = []
    for target, column in zip(targets, columns, strict=True):
        chosen = target if target is not None else _by_content(column, taken)
        if chosen and chosen not in MANY and not chosen.startswith(NEW) and chosen in final:
            chosen = NEW + column["kind"]
        if chosen.startswith(NEW) and not who.is_at_least("admin"):
            chosen = OUT
        final.append(chosen)
        taken.add(chosen)
    return final


def failure_headers() -> tuple[str, str]:
    """What the list of failed rows adds in front; it is left out when the mended rows come back."""
    return _("Line in the file"), _("Why it did not get in")


def _own_labels() -> dict[str, str]:
    """What our own export calls the fields, in every language."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with speaking(language):
            found |= {plain_words(label): name for name, label in labels().items()}
            found |= {plain_words(header): OUT for header in failure_headers()}
    return found


def _by_name(header: str, own: Mapping[str, str], custom: Mapping[str, str], kind: str) -> str | None:
    """None: the name says nothing."""
    if kind == "vcard" and (target := vcards.COLUMNS.get(header, "new")) != "new":
        return target
    words = plain_words(re.sub(r" \(\d+\)$", "", header))
    return next((names[words] for names in (own, custom, BY_WORD) if words in names), None)


def _tidy_names(targets: list[str | None], columns: Sequence[Mapping[str, Any]]) -> None:
    """“Nombre” beside “Apellidos” is a first name."""
    if "last_name" in targets and "first_name" not in targets and "name" in targets:
        targets[targets.index("name")] = "first_name"
    elif "name" in targets:
        for n, target in enumerate(targets):
            if target in PARTS:
                targets[n] = None
    if "title" in targets and targets.count("title") > 1:
        first = targets.index("title")
        for n in range(first + 1, len(targets)):
            targets[n] = None if targets[n] == "title" else targets[n]


def _by_content(column: Mapping[str, Any], taken: set[str]) -> str:
    filled = column["filled"]
    if not filled:
        return OUT
    if column["mails"] >= filled * 0.9 and "emails" not in taken:
        return "emails"
    if column["phones"] >= filled * 0.9 and column["kind"] == "text" and "phones" not in taken:
        return "phones"
    return NEW + str(column["kind"])


def missing_choices(column: Mapping[str, Any], custom: CustomField | None) -> list[str]:
    """Values of the column that a choice field does not offer yet; starting adds them when an admin starts."""
    if custom is None or custom.kind != "choice":
        return []
    known = {fold(choice) for choice in custom.choices}
    return [choice for choice in column["choices"] if fold(choice) not in known]


def fits(column: Mapping[str, Any], custom: CustomField) -> bool:
    """Whether all cells read as what the field holds, as far as the survey tells."""
    if custom.kind == "choice":
        return bool(column["choices"]) and not missing_choices(column, custom)
    return custom.kind == "text" or column["kind"] == custom.kind


def guess_key(targets: Sequence[str]) -> str:
    return "emails" if "emails" in targets else ""


def parse_mapping(
    targets: Sequence[str], key: str, kind: str, known: Mapping[str, CustomField], who: Principal
) -> tuple[list[str], str]:
    """Checks what a form or the command line brings: every target exists, single fields come from one column."""
    built_in = {*labels(), *PARTS} - ({"title", "company", *PARTS} if kind == "company" else set())
    for target in targets:
        if target in (OUT, *built_in) or (target.startswith(CUSTOM) and target[len(CUSTOM) :] in known):
            continue
        if target.startswith(NEW) and target[len(NEW) :] in NEW_KINDS:
            if not who.is_at_least("admin"):
                raise Forbidden(_("Only admins make fields"))
            continue
        raise Invalid(mapping=_("There is no field “%(name)s”") % {"name": target[:80]})
    for target in {*targets} - {OUT}:
        times = list(targets).count(target)
        if times > 1 and not target.startswith(NEW) and (target not in MANY or times > MOST_COLUMNS_OF_ONE):
            raise Invalid(
                mapping=_("Several columns go to “%(name)s”. Choose one of them") % {"name": title_of(target, known)}
            )
    if not any(targets):
        raise Invalid(mapping=_("Choose at least one column"))
    if "name" in targets and any(part in targets for part in PARTS):
        raise Invalid(mapping=_("Choose either the whole name or first and last name"))
    return list(targets), _parse_key(key, targets, known)


def _parse_key(key: str, targets: Sequence[str], known: Mapping[str, CustomField]) -> str:
    short = {"email": "emails", "phone": "phones", "none": ""}
    key = short.get(key, key)
    if not key:
        return ""
    names = key == "name" and any(part in targets for part in PARTS)
    if key not in targets and not names:
        raise Invalid(key=_("No column goes to the field that known records are found by"))
    custom = known.get(key.removeprefix(CUSTOM)) if key.startswith(CUSTOM) else None
    if key not in KEYS and (custom is None or custom.kind != "text"):
        raise Invalid(key=_("Records are found by e-mail, phone, name or a text field"))
    return key


def title_of(target: str, known: Mapping[str, CustomField]) -> str:
    """A target as people read it."""
    if target.startswith(CUSTOM):
        one = known.get(target[len(CUSTOM) :])
        return one.label if one else target
    return {**labels(), "first_name": _("First name"), "last_name": _("Last name")}.get(target, target)


def kind_names() -> dict[str, str]:
    """New fields by kind, as the mapping offers them."""
    return {
        "text": _("New field: text"),
        "number": _("New field: number"),
        "date": _("New field: date"),
        "yes_no": _("New field: yes or no"),
        "choice": _("New field: choice"),
    }
