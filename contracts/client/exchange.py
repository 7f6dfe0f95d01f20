"""What a client and the API say to each other, as values, and what a flow may ask its driver to do.

A flow is a generator: it yields effects, is sent what they come to, and returns a result or raises one of the client's
errors. It sends nothing itself and reads no clock, so a test can drive it with a list.

Call   send a request; comes to its Answer, or to the Failure that there is none
Sleep  let seconds go by; comes to None
Now    comes to the seconds of a clock that never goes backwards
Seen   a status of a video, for whoever watches; comes to None
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from contracts.client.results import Video

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of an operation. The path goes as it stands: ids in it are raw."""

    operation: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    json: Mapping[str, Any] | None = field(default=None, repr=False)  # a password may be in it


@dataclass(frozen=True, slots=True)
class Answer:
    """The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """No whole answer came. `sent` tells whether the API may have got the request all the same."""

    text: str
    sent: bool = True
    timeout: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Nobody waits longer for the answer than `patience`, in seconds."""

    request: Request
    patience: float


@dataclass(frozen=True, slots=True)
class Sleep:
    """`why` is a sentence for a log."""

    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Now:
    """What time is it?"""


@dataclass(frozen=True, slots=True)
class Seen:
    """The video has a status that it did not have before."""

    video: Video


Effect: TypeAlias = Call | Sleep | Now | Seen
Flow: TypeAlias = Generator[Effect, Any, T]
