"""Where a client wants to go: host and port, and whether by TLS."""

import re
from dataclasses import dataclass
from typing import Final, Self

from contracts.provider.safety import is_loopback

_AUTHORITY: Final = re.compile(r"(?:.*@)?(?:\[([0-9a-fA-F:.%]+)\]|([^\s\[\]:@]+))(?::([0-9]{1,5}))?", re.DOTALL)
_ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - as an address to reach, it is this machine


@dataclass(frozen=True)
class Place:
    """A host (lower case, without a dot at its end), a port, and whether TLS or an https address was asked for."""

    host: str
    port: int
    secure: bool

    @classmethod
    def of(cls, authority: bytes, *, secure: bool) -> Self:
        """The place that "host", "host:port" or "user@host:port" names. Raises ValueError if it names none."""
        found = _AUTHORITY.fullmatch(authority.decode("latin-1"))
        port = int(found[3]) if found and found[3] else (443 if secure else 80)
        if found is None or not 0 < port < 65_536:
            raise ValueError("no host and port")
        return cls((found[1] or found[2]).lower().removesuffix("."), port, secure)

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, by its name or address."""
        return is_loopback(self.host) or self.host in _ANY_ADDRESS

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
