"""Hosts and origins, as headers and options name them."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from mockserver.destinations import ascii_name

_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?")
_ORIGIN: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#@\s]+)")
_PORTS: Final = {"http": "80", "https": "443"}


def host_of(authority: str) -> str | None:
    """The host in the value of a Host header: a name in ASCII and lower case, or an address without brackets.

    None for what is neither.
    """
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        return None
    written = parts[1]
    try:
        if written.startswith("["):
            address = ip_address(written[1:-1])
            return str(address) if address.version == 6 else None
        return ascii_name(written)
    except ValueError:
        return None


def is_address(host: str) -> bool:
    """Whether a host is an address in its usual form, as 127.0.0.1 or ::1."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def allowed_host(entry: str) -> str:
    """An entry of --allow-host as `is_allowed` takes it: a name, or "*." and a name. Raises ValueError for another."""
    wildcard = "*." if entry.startswith("*.") else ""
    try:
        return wildcard + ascii_name(entry.removeprefix("*."))
    except ValueError:
        raise ValueError(f'allow_hosts takes host names and "*.name", without scheme and port, got {entry!r}') from None


def is_allowed(host: str, entries: Iterable[str]) -> bool:
    """Whether a host is one of the entries; "*.example.com" stands for all names below example.com."""
    return any(host.endswith(entry[1:]) if entry.startswith("*.") else host == entry for entry in entries)


def origin_of(text: str) -> str | None:
    """An origin as browsers write it: in lower case, without the port that its scheme has anyway.

    None for what is no scheme://host[:port].
    """
    parts = _ORIGIN.fullmatch(text)
    if parts is None:
        return None
    scheme, authority = parts[1].lower(), parts[2]
    host = host_of(authority)
    if host is None:
        return None
    port = authority.rpartition(":")[2] if not authority.endswith("]") and ":" in authority else ""
    shown = f"[{host}]" if ":" in host else host
    if port and int(port) > 65_535:
        return None
    return f"{scheme}://{shown}:{port}" if port and port != _PORTS.get(scheme) else f"{scheme}://{shown}"
