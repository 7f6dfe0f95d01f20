"""Where a callback's URL leads, and which addresses may be called: loopback, what was named, and some never."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, Self

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_METADATA: Final = frozenset(
    map(
        ip_address,
        (
            *("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
            *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe"),
        ),
    )
)
"""Where clouds hand out credentials to whoever asks from inside a machine."""
_BROADCAST: Final = IPv4Address("255.255.255.255")
_CARRYING: Final = tuple(map(IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv4-compatible, IPv4-translated and NAT64: the IPv4 address is the last 32 bits."""
_ISATAP: Final = 0x5EFE
_OPTION: Final = "--callback-hosts"
_LONGEST_NAME: Final = 253
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""A name that resolvers read as an IPv4 address, as "127.1" and "0x7f000001"."""
_PORTS: Final = {"http": 80, "https": 443}
_URL: Final = re.compile(r"(?is)(https?)://([^/?#]*)([^#]*)(?:#.*)?")
_AUTHORITY: Final = re.compile(r"(?s)(\[.*\]|[^:\[\]]*)(?::(.*))?")
_BRACKETED: Final = re.compile(r"\[([0-9A-Fa-f:.]+)(?:%(?:25)?([A-Za-z0-9._~-]+))?\]")
_TO_ENCODE: Final = re.compile(rb"[^\x21-\x7e]")


class Forbidden(Exception):  # noqa: N818 - an answer, not an error
    """No address of the host may be called. The text is one sentence."""


class Destinations:
    """The addresses that may be called: loopback, and those that `allowed` names.

    Link-local, cloud metadata, unspecified, multicast and broadcast addresses are never called, whatever is allowed.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Each of `allowed` is an address, a network, a host name, "*." and a host name, or "*" for everything.

        Raises ValueError for anything else.
        """
        self._everything = False
        self._networks: list[_Network] = []
        self._names: set[str] = set()
        self._parents: list[str] = []
        for entry in allowed:
            self._allow(entry)

    def choose(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Of the addresses that `host` resolved to, those that may be connected to, in order and without a zone.

        Raises Forbidden when there is none.
        """
        literal = _literal(host)
        named = literal is None and self._is_named(host)
        chosen: list[str] = []
        banned = ""
        foreign = ""
        for text in addresses:
            subject = text if literal is not None else f"{host} resolves to {text}, which"
            address = _literal(text)
            if address is None:
                banned = banned or f"{subject} is not an address and never called"
            elif words := _ban(address):
                banned = banned or f"{subject} {words} and never called"
            elif named or self._everything or _is_loopback(address) or self._is_in_network(address):
                chosen.append(text.partition("%")[0].strip("[]"))
            else:
                allowing = host if literal is None else text
                foreign = foreign or f"{subject} is not loopback; {_OPTION} {allowing} allows it"
        if not chosen:
            raise Forbidden(foreign or banned or f"{host} has no address")
        return chosen

    def _allow(self, entry: str) -> None:
        address = _literal(entry)
        if entry == "*":
            self._everything = True
        elif address is not None:
            self._networks.append(ip_network(address))
        elif "://" in entry:
            raise ValueError(f"{_OPTION} takes hosts, without a scheme, got {entry!r}")
        elif "/" in entry:
            self._networks.append(_network(entry))
        elif ":" in entry:
            raise ValueError(f"{_OPTION} takes hosts, without a port, got {entry!r}")
        else:
            self._allow_name(entry)

    def _allow_name(self, entry: str) -> None:
        try:
            name = ascii_name(entry.removeprefix("*."))
        except ValueError:
            name = ""
        if not name or _NUMBER.fullmatch(name):
            raise ValueError(f'{_OPTION} takes addresses, networks, host names, "*.name" and "*", got {entry!r}')
        if entry.startswith("*."):
            self._parents.append(f".{name}")
        else:
            self._names.add(name)

    def _is_named(self, host: str) -> bool:
        name = host.lower().removesuffix(".")
        return name in self._names or any(name.endswith(parent) for parent in self._parents)

    def _is_in_network(self, address: _Address) -> bool:
        forms = (address, _mapped(address))
        return any(form in network for network in self._networks for form in forms)


def ascii_name(name: str) -> str:
    """A host name as it is looked up: in ASCII and lower case, without the dot at its end.

    Raises ValueError for what can't be a host name.
    """
    # The codec's time grows with the square of the length.
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"a host name has at most {_LONGEST_NAME} characters, got {len(name)}")
    if not name.isascii():
        # What can't be encoded is a UnicodeError, which is a ValueError.
        name = name.encode("idna").decode("ascii")
    name = name.lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a host name")
    return name


def _literal(text: str) -> _Address | None:
    """The address that a text is, with or without brackets, else None. The zone of a scoped one is dropped."""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
        if ":" not in text:
            return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return IPv6Address(int(address)) if isinstance(address, IPv6Address) else address


def _network(entry: str) -> _Network:
    try:
        return ip_network(entry)
    except ValueError:
        pass
    try:
        meant = ip_network(entry, strict=False)
    except ValueError:
        raise ValueError(f"{_OPTION} takes networks as 10.0.0.0/8, and no paths, got {entry!r}") from None
    raise ValueError(f"{entry!r} has bits set beyond its prefix: {_OPTION} takes {meant} or an address alone")


def _mapped(address: _Address) -> _Address:
    """The IPv4 address that an IPv4-mapped one stands for; every other as it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def _is_loopback(address: _Address) -> bool:
    return _mapped(address).is_loopback


def _ban(address: _Address) -> str:
    """Why an address is never called, as "is link-local"; "" if it may be."""
    if words := _own_ban(address):
        return words
    if isinstance(address, IPv6Address):
        for carried in _carried(address):
            if words := _own_ban(carried):
                return f"carries {carried}, which {words}"
    return ""


def _own_ban(address: _Address) -> str:
    if address.is_link_local:
        return "is link-local"
    if address in _METADATA:
        return "is a cloud's metadata address"
    if address.is_unspecified:
        return "is unspecified"
    if address.is_multicast:
        return "is a multicast address"
    return "is the broadcast address" if address == _BROADCAST else ""


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that packets to this one may end at."""
    number = int(address)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    # ::1 is loopback, and ::2 to ::ffff carry nothing that anyone uses.
    if any(address in network for network in _CARRYING) and number > 0xFFFF:
        yield IPv4Address(number & 0xFFFFFFFF)
    # The bit for "globally unique" may be set.
    if number >> 32 & 0xFDFFFFFF == _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)


class NotCallable(Exception):  # noqa: N818 - an answer, not an error
    """A URL that can't be called. The text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an http or https URL says, in bytes that are safe to send.

    `host` is an address without brackets, or a name in ASCII. `authority` is the value of the Host header. `path` has
    the query with it, as it was written; only what can't stand in a request line is percent-encoded.
    """

    scheme: str
    host: str
    port: int
    authority: bytes
    path: bytes

    @classmethod
    def of(cls, url: str) -> Self:
        """Read a URL. Raises NotCallable."""
        match = _URL.fullmatch(url)
        if match is None:
            raise _no_url("it must begin with http:// or https://")
        scheme, authority, rest = match[1].lower(), match[2], match[3]
        if "@" in authority:
            raise NotCallable("a replyUrl with user and password is not called")
        parts = _AUTHORITY.fullmatch(authority)
        if parts is None:
            raise _no_url(f"{shortened(authority)} is not a host with or without a port")
        written, digits = parts[1], parts[2] or ""
        if not written:
            raise _no_url("it names no host")
        if digits and not (re.fullmatch("[0-9]{1,5}", digits) and 0 < int(digits) < 65_536):
            raise _no_url(f"the port must be a number from 1 to 65535, got {shortened(digits)}")
        host = _host(written)
        # A zone is no business of the receiver's.
        shown = f"[{host.partition('%')[0]}]" if ":" in host else written if written.isascii() else host
        try:
            path = _TO_ENCODE.sub(lambda byte: b"%%%02X" % byte[0][0], rest.encode())
        except UnicodeEncodeError:
            raise _no_url("it holds half of a surrogate pair") from None
        return cls(
            scheme=scheme,
            host=host,
            port=int(digits) if digits else _PORTS[scheme],
            authority=(f"{shown}:{digits}" if digits else shown).encode("ascii"),
            path=path if path.startswith(b"/") else b"/" + path,
        )

    @property
    def is_address(self) -> bool:
        """Whether `host` is an address, which needs no looking up."""
        return _literal(self.host) is not None


def place(host: str, port: int) -> str:
    """Host and port for a person to read, as "127.0.0.1:9000" or "[::1]:9000"."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def shortened(text: str) -> str:
    """A text in quotes, its end left off when it is long."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def _host(written: str) -> str:
    try:
        if written.startswith("["):
            # In a URL the "%" before a zone is itself encoded.
            parts = _BRACKETED.fullmatch(written)
            return str(IPv6Address("%".join(filter(None, parts.groups())) if parts else ""))
        return ascii_name(written)
    except AddressValueError:
        raise _no_url(f"{shortened(written)} is not an IPv6 address") from None
    except ValueError:
        raise _no_url(f"{shortened(written)} is not a host name or an address") from None


def _no_url(why: str) -> NotCallable:
    return NotCallable(f"not a URL that can be called: {why}")
