"""One flow for each operation of the contract, tried again as the policy allows. The upscale itself is in `flows`."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from contracts.client import arguments, results
from contracts.client.answers import Ask, understand
from contracts.client.errors import NoCapacity, NotConnected
from contracts.client.exchange import Call, Flow, Now, Request
from contracts.client.policy import TROUBLE, Draw, Policy, Span, Tries
from contracts.client.shapes import fit

T = TypeVar("T")

API: Final = "/v2/pixverse"
MOST_VIDEOS: Final = 100
"""The most that a page of the list of videos has."""


class Operations:
    """The operations. Every method checks its arguments (InvalidArgument) and gives a flow."""

    def __init__(self, policy: Policy, draw: Draw) -> None:
        self._policy = policy
        self._draw = draw

    def list_videos(
        self, *, email: str | None = None, limit: int | None = None, offset: int | None = None
    ) -> Flow[results.VideoList]:
        """The videos of an account, newest first; `email` is required when several are linked."""
        query: dict[str, str] = {}
        if email is not None:
            query["email"] = arguments.email(email)
        if limit is not None:
            query["limit"] = str(arguments.whole("limit", limit, 1, MOST_VIDEOS))
        if offset is not None:
            query["offset"] = str(arguments.whole("offset", offset, 0, 2**31 - 1))
        return self._asked("listVideos", "GET", f"{API}/videos", results.VideoList, query=query)

    def get_video(self, video_id: str) -> Flow[results.Video]:
        """One video. Raises VideoNotReady while it is being made."""
        return self._asked("getVideo", "GET", f"{API}/videos/{arguments.video_id(video_id)}", results.Video)

    def delete_video(self, video_id: str) -> Flow[results.VideoDeleted]:
        """Delete a finished video."""
        path = f"{API}/videos/{arguments.video_id(video_id)}"
        return self._asked("deleteVideo", "DELETE", path, results.VideoDeleted)

    def list_accounts(self) -> Flow[Mapping[str, results.Account]]:
        """The linked PixVerse accounts by email. Raises NotFound when there is none."""
        kind = Mapping[str, results.Account]
        return self._asked("listAccounts", "GET", f"{API}/accounts", kind)

    def get_account(self, email: str) -> Flow[results.Account]:
        """One linked account."""
        return self._asked("getAccount", "GET", f"{API}/accounts/{arguments.email(email)}", results.Account)

    def save_account(
        self, email: str, *, password: str, max_jobs: int, token: str | None = None
    ) -> Flow[results.Account]:
        """Link a PixVerse account, or update it, which clears its pending error (596)."""
        body = {
            "email": arguments.email(email),
            "password": arguments.text("password", password, shortest=1, secret=True),
            "maxJobs": arguments.whole("max_jobs", max_jobs, 1, 8),
        }
        if token is not None:
            body["token"] = arguments.text("token", token, 4_096, 1, secret=True)
        return self._asked("saveAccount", "POST", f"{API}/accounts/{email}", results.Account, body)

    def delete_account(self, email: str) -> Flow[results.AccountDeleted]:
        """Unlink an account."""
        path = f"{API}/accounts/{arguments.email(email)}"
        return self._asked("deleteAccount", "DELETE", path, results.AccountDeleted)

    def list_running(self) -> Flow[tuple[results.RunningJob, ...]]:
        """The jobs that run."""
        return self._asked("listRunning", "GET", f"{API}/scheduler", tuple[results.RunningJob, ...])

    def list_available(self) -> Flow[results.Availability]:
        """The jobs that run, and the slots that are free."""
        return self._asked("listAvailable", "GET", f"{API}/scheduler/available", results.Availability)

    def cancel_job(self, id: str) -> Flow[results.JobCancelled]:
        """Stop following a job: its slot is free and no callback comes any more, but the video goes on."""
        path = f"{API}/scheduler/{arguments.video_id(id, 'id')}"
        return self._asked("cancelJob", "DELETE", path, results.JobCancelled)

    def get_features(self, *, email: str | None = None) -> Flow[results.Features]:
        """Plan and credits of an account; `email` is required when several are linked."""
        query = {} if email is None else {"email": arguments.email(email)}
        return self._asked("getFeatures", "GET", f"{API}/features", results.Features, query=query)

    def get_user(self) -> Flow[results.User]:
        """The useapi.net account."""
        return self._asked("getUser", "GET", "/v2/account", results.User)

    def update_user(self, *, name: str | None = None, reply_url: str | None = None) -> Flow[results.User]:
        """Set the name and the default for callbacks; what is None stays, an empty `reply_url` removes the default."""
        body: dict[str, Any] = {}
        if name is not None:
            body["name"] = arguments.text("name", name, 256)
        if reply_url is not None:
            body["replyUrl"] = arguments.reply_url(reply_url) if reply_url else ""
        return self._asked("updateUser", "POST", "/v2/account", results.User, body)

    def _asked(
        self,
        operation: str,
        method: str,
        path: str,
        kind: Any,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Flow[Any]:
        request = Request(operation, method, path, tuple((query or {}).items()), body)
        return self._within(Ask(request, lambda value: fit(kind, value)))

    def _within(self, ask: Ask[T]) -> Flow[T]:
        return (yield from self._answered(ask, (yield from self._span())))

    def _span(self) -> Flow[Span]:
        now = yield Now()
        return Span(now, now + self._policy.deadline)

    def _answered(self, ask: Ask[T], span: Span) -> Flow[T]:
        """The result of a request. A read is tried again after trouble; all else only if nothing was done."""
        tries = Tries(self._policy, self._draw, span)
        while True:
            try:
                return (yield from self._once(ask, span, tries.number))
            except (NoCapacity, NotConnected) as error:
                yield from tries.after(error)
            except TROUBLE as error:
                if ask.request.method != "GET":
                    raise
                yield from tries.after(error)

    @staticmethod
    def _once(ask: Ask[T], span: Span, attempt: int) -> Flow[T]:
        patience = yield from span.left()
        return understand(ask, (yield Call(ask.request, patience)), attempt)
