"""What an answer means: the result that was asked for, or the one error that says why there is none."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, Generic, TypeVar

from contracts.client import errors
from contracts.client.exchange import Answer, Failure, Request
from contracts.client.shapes import Misshapen

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_TAG: Final = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Ask(Generic[T_co]):
    """A request, and how the body of a success is read. `read` raises Misshapen."""

    request: Request
    read: Callable[[Any], T_co]


def understand(ask: Ask[T], outcome: Answer | Failure, attempt: int) -> T:
    """The result. Raises one of the client's errors, which says of which attempt it is."""
    operation = ask.request.operation
    if isinstance(outcome, Failure):
        kind = errors.NotConnected if not outcome.sent else errors.ConnectionFailed
        if outcome.timeout and outcome.sent:
            kind = errors.Timeout
        raise kind(outcome.text, operation=operation, attempt=attempt)
    if 200 <= outcome.status < 300:
        try:
            return ask.read(json.loads(outcome.content))
        except (ValueError, RecursionError) as why:
            text = str(why) if isinstance(why, Misshapen) else "the body is not JSON"
            raise errors.UnreadableAnswer(
                f"the answer can't be read: {text}", operation=operation, status=outcome.status, attempt=attempt
            ) from None
    said = message(outcome)
    raise kind_of(operation, outcome.status, said)(
        said, operation=operation, status=outcome.status, attempt=attempt, retry_after=retry_after(outcome)
    )


def kind_of(operation: str, status: int, said: str) -> type[errors.ClientError]:
    """The class of the error that an answer stands for, by its status, and by its words where that is not enough."""
    kind = errors.BY_STATUS.get(status)
    if kind is errors.NotFound and operation in ("getVideo", "deleteVideo") and "deleted" not in said:
        return errors.VideoNotReady
    if kind is not None:
        return next((each for words, each in errors.BY_WORDS.get(kind, ()) if words in said), kind)
    if 400 <= status < 500:
        return errors.Refused
    return errors.Unavailable if 500 <= status < 600 else errors.UnexpectedAnswer


def message(answer: Answer) -> str:
    """What an answer says about what is wrong: the vendor's `error`, else the text of whatever page came."""
    try:
        said = json.loads(answer.content)["error"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        said = None
    if isinstance(said, str) and said:
        return said
    text = _TAG.sub(" ", answer.content[:4_096].decode("utf-8", "replace")).strip()
    return text or "(no words)"


def retry_after(answer: Answer) -> float | None:
    """The seconds that Retry-After asks for. A date counts from the answer's own Date."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until, now = _instant(value), _instant(answer.headers.get("date", ""))
    return None if until is None or now is None else max(until - now, 0.0)


def _instant(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
