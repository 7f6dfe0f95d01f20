"""Calls of the control API of a mock that runs somewhere, for commands that are thin around them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click

from mockserver.options import option
from mockserver.terminal import plain, words

if TYPE_CHECKING:
    from http.client import HTTPResponse

SECONDS: Final = 10.0
"""How long a mock may take to answer, if nothing else is said."""

_URL: Final = "http://127.0.0.1:8596"
_TOKEN: Final = "user:12345-demo"  # noqa: S105 - of the documented form, and nobody's
_BASE: Final = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?/?")
_MOST_BYTES: Final = 256 * 1_048_576
"""The longest answer that is read: a mock's own are far shorter."""


class ControlError(click.ClickException):
    """A call did not succeed; the text says why in one sentence, without control characters. It ends a command."""


@dataclass(frozen=True, slots=True)
class ControlClient:
    """The control API at `url` (scheme, host and port), in the sandbox of `token`.

    `control_token` is what a mock off loopback wants besides, None for none. Raises ValueError for a bad one of them.
    """

    url: str
    token: str
    control_token: str | None = None

    def __post_init__(self) -> None:
        found = _BASE.fullmatch(self.url)
        if not found or int(found[1] or 0) > 65_535:
            raise ValueError(f"--url takes scheme, host and port only, as {_URL}, got {self.url!a}")
        for option_name, value in (("--token", self.token), ("--control-token", self.control_token)):
            if value is not None and not (value.isascii() and value.isprintable() and value.strip()):
                raise ValueError(f"{option_name} takes printable ASCII, and some of it")
        object.__setattr__(self, "url", self.url.removesuffix("/"))

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float | None = SECONDS) -> Any:
        """What a call answers, None where that is nothing; `body` goes as JSON. Raises ControlError.

        With `seconds` None the answer may take as long as it wants.
        """
        status, kind, content = self._exchange(method, path, body, seconds)
        if status == 204:
            return None
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            raise self.unknown(f"{method} {path} is answered {status}, not in JSON") from None
        if status == 200 and kind == "application/json":
            return value
        if kind == "application/problem+json" and isinstance(value, dict) and isinstance(value.get("detail"), str):
            raise ControlError(f"the mock at {self.url} says {status}: {plain(value['detail'])}")
        raise self.unknown(f"{method} {path} is answered {status}")

    def rows(self, answer: Any, name: str) -> list[Mapping[str, Any]]:
        """The list of objects called `name` in an answer. Raises ControlError if there is none."""
        found = answer.get(name) if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self.unknown(f"no list {name!r} in its answer")
        return found

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Whatever does not fit while an answer is read is a ControlError."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise self.unknown(f"its answer has another form ({type(error).__name__}: {plain(str(error))})") from None

    def unknown(self, what: str) -> ControlError:
        """The error for an answer that no mock gives."""
        return ControlError(f"what listens at {self.url} is no mock that this version knows: {what}")

    def _exchange(self, method: str, path: str, body: Any, seconds: float | None) -> tuple[int, str, bytes]:
        # Imported here: most commands call nobody.
        from http.client import HTTPException
        from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request

        # Neither proxies nor redirects: the token goes to this address alone.
        opener = OpenerDirector()
        opener.add_handler(HTTPHandler())
        opener.add_handler(HTTPSHandler())
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if self.control_token is not None:
            headers["X-Mock-Control-Token"] = self.control_token
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = Request(f"{self.url}{path}", data, headers, method=method)  # noqa: S310 - only http and https get here
        answer: HTTPResponse
        try:
            with opener.open(request, timeout=seconds) as answer:
                content = answer.read(_MOST_BYTES + 1)
                status, kind = answer.status, answer.headers.get_content_type()
        except TimeoutError:
            raise ControlError(f"no answer from {self.url} within {seconds:g} s") from None
        except OSError as error:
            raise ControlError(f"no mock answers at {self.url}: {_words(error)}") from None
        except UnicodeError:
            raise ControlError(f"no mock answers at {self.url}: that is no name of a host") from None
        except HTTPException:
            raise self.unknown("it does not answer in HTTP") from None
        if len(content) > _MOST_BYTES:
            raise self.unknown(f"{method} {path} has no end")
        return status, kind, content


def client_options(command: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command --url, --token and --control-token; its function gets a `client` in the place of all three.

    The variables of the first two bear the command's name: MOCKSERVER_TOKEN is that of `serve`, and may hold several.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def called(*, url: str, token: str, control_token: str | None, **others: Any) -> None:
            try:
                client = ControlClient(url, token, control_token)
            except ValueError as error:
                raise click.UsageError(str(error)) from None
            function(client=client, **others)

        variable = f"MOCKSERVER_{command.upper()}"
        of_url = option("--url", default=_URL, envvar=f"{variable}_URL", help="Scheme, host and port of the mock.")
        sandbox = "The API token whose sandbox is meant."
        of_token = option("--token", default=_TOKEN, envvar=f"{variable}_TOKEN", help=sandbox)
        guarded = "What a mock wants in X-Mock-Control-Token that does not listen on loopback."
        return of_url(of_token(option("--control-token", help=guarded)(called)))

    return decorate


def _words(error: OSError) -> str:
    """What is wrong, without numbers and addresses."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return "it does not take connections in time"
    text = words(reason) if isinstance(reason, OSError) else str(reason)
    return plain(text[:1].lower() + text[1:])
