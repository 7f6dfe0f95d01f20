"""What can go wrong, as one tree.

ClientError
├── InvalidArgument           refused here, before anything was sent (also a ValueError)
├── Refused                   the API says no: nothing was started, nothing is paid
│   ├── BadRequest            400
│   ├── Unauthorized          401
│   ├── SubscriptionRequired  402
│   ├── NotFound              404
│   │   └── VideoNotReady     404 of a video that is still being made, or never was
│   ├── InsufficientCredits   412
│   ├── ContentRefused        422
│   ├── NoCapacity            429
│   │   ├── AccountBusy       as many jobs run on the account as maxJobs
│   │   ├── AllAccountsBusy   the same is true of every account
│   │   └── UpstreamLimit     PixVerse itself answered 429
│   └── PendingError          596
├── Unavailable               5xx
├── ConnectionFailed          no whole answer
│   ├── NotConnected          nothing was sent
│   └── Timeout               none in time
├── UnexpectedAnswer          an answer that the contract does not have
│   └── UnreadableAnswer      a success that is not JSON, or not of the documented shape
├── DeadlineExceeded          the policy's deadline comes before the next attempt
├── Undecided                 nobody knows whether an upscale was accepted
├── Ended                     the job came to a bad end; its credits come back
│   ├── Moderated
│   └── Failed
└── BadCallback               bytes that are no callback of this API (also a ValueError)
    └── BadSignature
"""

# ruff: noqa: N818 - these are named for what the API says, and most of them are no errors of it

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from contracts.client.results import Video

_LONGEST_MESSAGE: Final = 500


class ClientError(Exception):
    """The root. `advice` says what to do next.

    operation: by its operationId. status: of the answer. attempt: which one this was, from 1. retry_after: seconds that
    the answer asks to wait. video_id: that was waited for; its job was accepted. Each None if there is none.
    """

    advice: str = ""

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        status: int | None = None,
        attempt: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = plain(message)
        super().__init__(self.message)
        self.operation = operation
        self.status = status
        self.attempt = attempt
        self.retry_after = retry_after
        self.video_id: str | None = None

    def __str__(self) -> str:
        """Everything, in one line."""
        where = f"{self.operation}: " if self.operation else ""
        status = f"{self.status} " if self.status else ""
        again = f" (attempt {self.attempt})" if (self.attempt or 0) > 1 else ""
        job = f" [{self.video_id}]" if self.video_id and self.video_id not in self.message else ""
        said = f"{where}{status}{self.message.rstrip('.')}{again}{job}"
        return said + (f". Next: {self.advice}" if self.advice else "")

    def hide(self, secret: str) -> None:
        """Take a secret out of the message and those of its causes, should an answer have repeated it."""
        if secret in self.message:
            self.message = self.message.replace(secret, "…")
            self.args = (self.message,)
        for error in (self.__cause__, self.__context__):
            if isinstance(error, ClientError):
                error.hide(secret)


class InvalidArgument(ClientError, ValueError):
    """An argument that the contract does not permit. Nothing was sent."""


class Refused(ClientError):
    """The API refuses. Nothing was started, no credits are gone."""


class BadRequest(Refused):
    """400: the request does not have the documented form, or names a video that can't be upscaled."""

    advice = "correct the request; the same one is refused again"


class Unauthorized(Refused):
    """401: the token is missing, malformed or unknown."""

    advice = "check the API token"


class SubscriptionRequired(Refused):
    """402: the useapi.net subscription is over."""

    advice = "renew the useapi.net subscription"


class NotFound(Refused):
    """404: there is no such thing."""

    advice = "check the id"


class VideoNotReady(NotFound):
    """404 of a video: it is still being made, or there is none; only the list of videos tells which."""

    advice = "look for it in the list of videos, or wait for it with wait()"


class InsufficientCredits(Refused):
    """412: the PixVerse account has fewer credits than the upscale costs."""

    advice = "buy credits for the PixVerse account, or use another one"


class ContentRefused(Refused):
    """422: the content was refused by moderation."""

    advice = "use other content"


class NoCapacity(Refused):
    """429: no slot is free."""

    advice = "wait for 10 to 30 seconds and try again, or raise maxJobs if the subscription allows it"


class AccountBusy(NoCapacity):
    """429: as many jobs run on the video's account as maxJobs."""


class AllAccountsBusy(NoCapacity):
    """429: as many jobs run on every account as its maxJobs."""


class UpstreamLimit(NoCapacity):
    """429: PixVerse runs as many jobs as the subscription plan allows."""


class PendingError(Refused):
    """596: the PixVerse account has a pending error: a changed password, or an account on hold."""

    advice = "put the PixVerse account in order, then update it with POST /v2/pixverse/accounts/{email} (save_account)"


class Unavailable(ClientError):
    """5xx: the service, or a proxy in front of it, is in trouble."""

    advice = "try again later"


class ConnectionFailed(ClientError):
    """No whole answer came. The request may have been carried out."""

    advice = "find out whether it was carried out before you send it again"


class NotConnected(ConnectionFailed):
    """There was no connection: nothing was sent."""

    advice = "check the address and the network"


class Timeout(ConnectionFailed):
    """No answer in time. The request may have been carried out."""


class UnexpectedAnswer(ClientError):
    """A status that the contract does not have."""

    advice = "check that base_url is the API's"


class UnreadableAnswer(UnexpectedAnswer):
    """A success whose body is not JSON, or not of the documented shape."""


class DeadlineExceeded(ClientError):
    """The policy's deadline comes before the next attempt; the error that asked for one is `__cause__`."""

    advice = "try again with a later deadline; a job that was accepted goes on: wait() for it"


class Undecided(ClientError):
    """Nobody knows whether an upscale was accepted: its answer was lost, and the API could not be asked for the job.

    `reply_ref` went with the request; the job has it, if there is one.
    """

    def __init__(self, message: str, *, reply_ref: str = "", **about: Any) -> None:
        super().__init__(message, **about)
        self.reply_ref = reply_ref
        where = "GET /v2/pixverse/videos and /v2/pixverse/scheduler"
        self.advice = f"look for replyRef {reply_ref!a} in {where} before you submit again"


class Ended(ClientError):
    """The job came to a bad end. `video` is what the API says of it."""

    video: "Video | None" = None


class Moderated(Ended):
    """The result was refused by moderation."""

    advice = "use another video"


class Failed(Ended):
    """The job failed."""

    advice = "submit it again; the credits came back"


class BadCallback(ClientError, ValueError):
    """Bytes that are no callback of this API. Answer 400."""


class BadSignature(BadCallback):
    """A callback that is not signed with the secret. Answer 401."""


BY_STATUS: Final[dict[int, type[Refused]]] = {
    400: BadRequest,
    401: Unauthorized,
    402: SubscriptionRequired,
    404: NotFound,
    412: InsufficientCredits,
    422: ContentRefused,
    429: NoCapacity,
    596: PendingError,
}
"""The refusals that are known by their status."""

BY_WORDS: Final[dict[type[Refused], tuple[tuple[str, type[Refused]], ...]]] = {
    NoCapacity: (
        ("is busy executing", AccountBusy),
        ("All configured accounts", AllAccountsBusy),
        ("limit for concurrent generations", UpstreamLimit),
    ),
}
"""The refusals that share a status, known by words of their message."""


def plain(text: str) -> str:
    """A message that is short and holds nothing that a terminal takes for a command."""
    text = " ".join(text.split())
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= _LONGEST_MESSAGE else f"{shown[:_LONGEST_MESSAGE]}..."
