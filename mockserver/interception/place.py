"""A base URL, and whether another URL leads to the same place."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from mockserver.destinations import ascii_name

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients look for the API: `url` is scheme, host and port. Raises ValueError for anything else.

    Without a port it is that of either scheme: the API's host is the API's, whether or not it is asked in TLS.
    """

    url: str
    host: str = field(init=False)
    port: int | None = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        try:
            host, port = ascii_name(parts.hostname or ""), parts.port
        except ValueError:
            host, port = "", None
        more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme not in _PORTS or not host or more:
            told = "base_url takes scheme, host name and port only, as https://api.useapi.net"
            raise ValueError(f"{told}, got {self.url!r}")
        object.__setattr__(self, "host", host)
        object.__setattr__(self, "port", None if port == _PORTS[parts.scheme] else port)
        object.__setattr__(self, "url", f"{parts.scheme}://{self.authority}")

    @property
    def authority(self) -> str:
        """Host, and port if it is named."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def holds(self, url: str) -> bool:
        """Whether a URL leads here."""
        if self.host not in url.lower():
            return False
        try:
            parts = urlsplit(url)
            return self.takes(parts.scheme, parts.hostname, parts.port)
        except ValueError:
            return False

    def takes(self, scheme: str, host: str | None, port: int | None) -> bool:
        """Whether these parts of a URL lead here; `port` is None where it names none."""
        usual = _PORTS.get(scheme.lower())
        if usual is None or host is None or host.removesuffix(".") != self.host:
            return False
        return (port or usual) == (self.port or usual)

    def refusal(self, call: str) -> str:
        """Why a call to another place does not leave this process."""
        return f"refused, for refuse_others lets only calls to {self.url} be made, got {call}"
