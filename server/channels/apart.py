"""Addresses of a case's own, such as help+3f…@example.org: answers to them find their case in every mail program, also
where it drops the headers that keep a thread together."""

import re
from collections.abc import Collection, Iterable

APART = "answers_apart"  # in a channel's options: letters ask for answers at the case's own address
KEYED = re.compile(r"(?P<local>[^@]+)\+(?P<key>[0-9a-f]{32})@(?P<domain>[^@]+)")


def address_apart(address: str, key: str) -> str:
    local, _at, domain = address.rpartition("@")
    return f"{local}+{key}@{domain}"


def address_and_key(address: str) -> tuple[str, str]:
    """The address without the key that it holds, and the key; an empty one when it holds none."""
    found = KEYED.fullmatch(address.strip().lower())
    return (f"{found['local']}@{found['domain']}", found["key"]) if found else (address.strip().lower(), "")


def keys_in(addresses: Iterable[str], own: Collection[str]) -> list[str]:
    """Of those that are ours, in their order."""
    pairs = [address_and_key(one) for one in addresses]
    return list(dict.fromkeys(key for address, key in pairs if key and address in own))


def is_own(address: str, own: Collection[str]) -> bool:
    return address in own or address_and_key(address)[0] in own
