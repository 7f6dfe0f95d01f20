"""How a mock is set up: one value, from which options and environment variables are derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mockserver.clock import MAX_SPEED, MODES, Mode
from mockserver.destinations import Destinations
from mockserver.hosts import allowed_host, origin_of

_LONGEST_ATTEMPT: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be chosen at the start.

    seed: of every sandbox's content and durations. clock: the mode that sandboxes' clocks start in. speed: of them, 60
    is a minute a second; None leaves them to the scenario, else they are real and 1. callback_hosts: names, addresses
    and networks that may be called besides loopback. callback_timeout: real seconds that an attempt to deliver a
    callback may take. tokens: the only ones that get in; empty lets every well-formed one in. any_token: lets malformed
    ones in, too. public_url: the base of the videos' `url`, else the address that the client used. scenario: a file,
    the name of a ready-made one, or the data of one. changes: keys of the scenario to set, as "answers.processing":
    "200". contract: a file, else our own. journal: exchanges kept for each sandbox, and no more than fit into 16 MiB;
    of more than 1,000 in proportion, but not beyond 256 MiB. strict: raise when an answer of ours breaks the contract.
    prefer: obey `Prefer` and `__code`. explain: every answer says why in X-Mock-Explain. max_sandboxes: for one more,
    others go. control_token: what the control API asks for; None leaves it open. allow_hosts: names, or "*." and a
    name, by which it may be called besides localhost, addresses and the public_url's. cors: origins whose pages may
    call the emulated API, "*" for any.
    """

    seed: int = 0
    clock: Mode | None = None
    speed: float | None = None
    callback_hosts: tuple[str, ...] = ()
    callback_timeout: float = 10.0
    tokens: frozenset[str] = frozenset()
    any_token: bool = False
    public_url: str | None = None
    scenario: str | Path | Mapping[str, Any] | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    contract: Path | None = None
    journal: int = 1_000
    max_sandboxes: int = 10_000
    control_token: str | None = None
    allow_hosts: tuple[str, ...] = ()
    cors: tuple[str, ...] = ()
    strict: bool = False
    prefer: bool = True
    explain: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a value that can't be honoured.

        A public_url is kept without the slash at its end, hosts and origins as browsers write them.
        """
        if self.public_url is not None:
            parts = urlsplit(self.public_url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
                raise ValueError(f"public_url must be an http or https URL without query, got {self.public_url!r}")
            object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        if self.speed is not None and not 0 < self.speed <= MAX_SPEED:
            raise ValueError(f"speed must be above 0 and at most {MAX_SPEED}, got {self.speed}")
        if self.clock is not None and self.clock not in MODES:
            raise ValueError(f"clock must be one of {', '.join(MODES)}, got {self.clock!r}")
        if not 0 < self.callback_timeout <= _LONGEST_ATTEMPT:
            raise ValueError(
                f"callback_timeout must be above 0 and at most {_LONGEST_ATTEMPT}, got {self.callback_timeout}"
            )
        Destinations(self.callback_hosts)
        if "" in self.tokens:
            raise ValueError("a token must not be empty")
        if self.max_sandboxes < 1:
            raise ValueError(f"max_sandboxes must be at least 1, got {self.max_sandboxes}")
        if self.control_token is not None and not _fits_a_header(self.control_token):
            raise ValueError("control_token must be printable ASCII, and neither empty nor with blanks at its ends")
        object.__setattr__(self, "allow_hosts", tuple(allowed_host(entry) for entry in self.allow_hosts))
        object.__setattr__(self, "cors", tuple(_checked_origin(text) for text in self.cors))


def _fits_a_header(text: str) -> bool:
    """Whether a text is the same before and after it was sent as the value of a header."""
    return text != "" and text.isascii() and text.isprintable() and text == text.strip()


def _checked_origin(text: str) -> str:
    origin = text if text == "*" else origin_of(text)
    if origin is None:
        raise ValueError(f'cors takes origins, scheme://host[:port] with nothing behind, and "*", got {text!r}')
    return origin
