"""How a mock is set up: one value, from which options and environment variables are derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mockserver.clock import MAX_SPEED, MODES, Mode
from mockserver.destinations import Destinations

_LONGEST_ATTEMPT: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be chosen at the start.

    seed: of every sandbox's content and durations. clock: the mode that sandboxes' clocks start in. speed: of them, 60
    is a minute a second. callback_hosts: names, addresses and networks that may be called besides loopback.
    callback_timeout: real seconds that an attempt to deliver a callback may take.
    tokens: the only ones that get in; empty lets every well-formed one in. any_token: lets malformed ones in, too.
    public_url: the base of the videos' `url`, else the address that the client used. scenario: a file or the name of
    a ready-made one. changes: keys of the scenario to set, as "answers.processing": "200". contract: a file, else our
    own. journal: exchanges kept for each sandbox. strict: raise when an answer of ours breaks the contract.
    """

    seed: int = 0
    clock: Mode = "real"
    speed: float = 1.0
    callback_hosts: tuple[str, ...] = ()
    callback_timeout: float = 10.0
    tokens: frozenset[str] = frozenset()
    any_token: bool = False
    public_url: str | None = None
    scenario: str | Path | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    contract: Path | None = None
    journal: int = 1_000
    strict: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a value that can't be honoured. A public_url is kept without the slash at its end."""
        if self.public_url is not None:
            parts = urlsplit(self.public_url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
                raise ValueError(f"public_url must be an http or https URL without query, got {self.public_url!r}")
            object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        if not 0 < self.speed <= MAX_SPEED:
            raise ValueError(f"speed must be above 0 and at most {MAX_SPEED}, got {self.speed}")
        if self.clock not in MODES:
            raise ValueError(f"clock must be one of {', '.join(MODES)}, got {self.clock!r}")
        if not 0 < self.callback_timeout <= _LONGEST_ATTEMPT:
            raise ValueError(
                f"callback_timeout must be above 0 and at most {_LONGEST_ATTEMPT}, got {self.callback_timeout}"
            )
        Destinations(self.callback_hosts)
        if "" in self.tokens:
            raise ValueError("a token must not be empty")
