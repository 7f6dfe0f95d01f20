"""Every "no" the domain can say. None knows an HTTP status: `mockserver.refusing` maps each to the contract.

Refusal
├── NotFound
│   ├── UnknownAccount      the email names no linked account
│   ├── NoAccounts          no account is linked at all
│   ├── UnknownVideo        no video has the number
│   ├── ForeignVideo        the id names another user
│   ├── DeletedVideo        the video was deleted
│   └── UnknownJob          no followed job makes the video
├── NotYet
│   ├── VideoProcessing     the video is not final
│   └── UnfinishedVideo     the video to upscale is not COMPLETED
├── EmailRequired           several accounts, and the request names none
├── EmailMismatch           the body's email is not the path's
├── PendingError            the account is in trouble upstream
├── InsufficientCredits     the balance is below the cost
└── NoCapacity
    ├── AccountBusy         the account's slots are taken
    ├── AllAccountsBusy     so are those of all others
    └── UpstreamLimit       PixVerse runs as many as the plan allows
"""

from typing import ClassVar


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The domain says no; nothing has changed.

    `values` fill the places of the contract's text: `<email>` is `values["email"]`.
    """

    why: ClassVar[str] = "refused"

    def __init__(self, **values: str | int) -> None:
        super().__init__(self.why.format_map(values))
        self.values = values


class NotFound(Refusal):
    """Something named does not exist here."""


class UnknownAccount(NotFound):
    """The email names no linked account."""

    why = "no account {email} is linked"


class NoAccounts(NotFound):
    """No account is linked at all."""

    why = "no account is linked"


class UnknownVideo(NotFound):
    """No video has the number."""

    why = "no video {video_id}"


class ForeignVideo(NotFound):
    """The id names another user."""

    why = "{video_id} belongs to another user"


class DeletedVideo(NotFound):
    """The video was deleted."""

    why = "{video_id} was deleted"


class UnknownJob(NotFound):
    """No followed job makes the video."""

    why = "no running job {id}"


class NotYet(Refusal):
    """The video is not as far as the request needs it."""


class VideoProcessing(NotYet):
    """The video is not final."""

    why = "{video_id} is still {status}"


class UnfinishedVideo(NotYet):
    """The video to upscale is not COMPLETED."""

    why = "{video_id} is {status}, not COMPLETED"


class EmailRequired(Refusal):
    """Several accounts are linked, and the request names none."""

    why = "{accounts} accounts are linked and the request names none"


class EmailMismatch(Refusal):
    """The body's email is not the path's."""

    why = "the body names {email}, the path another account"


class PendingError(Refusal):
    """The account is in trouble upstream."""

    why = "account {email} has a pending error until POST /accounts/{email}"


class InsufficientCredits(Refusal):
    """The balance is below the cost."""

    why = "account {email} has {credits} credits, an upscale costs {cost}"


class NoCapacity(Refusal):
    """No slot is free; one will be."""


class AccountBusy(NoCapacity):
    """The account's slots are taken."""

    why = "account {email} runs {running} jobs, maxJobs is {maxJobs}"


class AllAccountsBusy(NoCapacity):
    """The slots of all accounts are taken."""

    why = "all {accounts} accounts are full, {email} runs {running} jobs of {maxJobs}"


class UpstreamLimit(NoCapacity):
    """PixVerse runs as many jobs as the plan allows."""

    why = "account {email} has {upstream} jobs upstream, its plan allows {concurrency}"
