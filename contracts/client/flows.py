"""The whole flow of an upscale: submit it once and only once, then wait for its end.

A repeated POST starts a second paid job, and the API has no idempotency key. So an upscale whose answer was lost (a
broken connection, no answer in time, a 5xx, a body that can't be read) is never simply sent again: the client looks
for the job first, by the replyRef that went with it, among the running jobs and in the list of videos. What it finds is
the answer. Only what is nowhere to be found, in several looks some time apart, is submitted again; and where the client
can't look, it raises Undecided.

The replyRef is the caller's, else one that nobody else has. A caller's may be in use already: then what had it before
the submission does not count, and of what has it afterwards only an upscale of the same video does. (Two who submit the
same video with the same reference at the same time are not told apart.)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from contracts.client import arguments, errors
from contracts.client.answers import Ask
from contracts.client.errors import ClientError, NoCapacity, NotConnected, VideoNotReady
from contracts.client.exchange import Flow, Request, Seen
from contracts.client.operations import API, MOST_VIDEOS, Operations
from contracts.client.policy import TROUBLE, Draw, Policy, Span, Tries
from contracts.client.results import Accepted, Availability, Video, VideoList
from contracts.client.shapes import Misshapen, read, show
from contracts.client.status import Status


@dataclass(frozen=True, slots=True)
class Wish:
    """An upscale that is wanted once. `unique` tells that nothing else has its replyRef."""

    ask: Ask[Accepted]
    source: str
    reply_ref: str
    unique: bool


@dataclass(slots=True)
class Found:
    """The jobs that may be a wish's: surely, or only perhaps; and whether all that there is was looked at."""

    surely: set[str]
    perhaps: set[str]
    everything: bool = True


class Flows(Operations):
    """Every method of a client as a flow. `make_ref` gives a replyRef that nobody else has."""

    def __init__(self, policy: Policy, draw: Draw, make_ref: Callable[[], str]) -> None:
        super().__init__(policy, draw)
        self._make_ref = make_ref

    def upscale_video(
        self,
        video_id: str,
        *,
        reply_url: str | None = None,
        reply_ref: str | None = None,
        max_jobs: int | None = None,
        once: bool = False,
    ) -> Flow[Accepted]:
        """Submit an upscale: waits for a free slot, and never starts a second job. Raises Undecided.

        With `once`, `reply_ref` is an idempotency key: where a job for this video has it already, that is the answer.
        """
        wish = self._wish(video_id, reply_url, reply_ref, max_jobs, once=once)
        return self._submitting(wish, once=once)

    def wait(self, video_id: str) -> Flow[Video]:
        """The video, once it is COMPLETED. Raises Moderated or Failed, NotFound for one that never appears."""
        return self._waiting(arguments.video_id(video_id))

    def watch(self, video_id: str) -> Flow[Video]:
        """Each status of a video as it is seen, the last of them final, whichever that is."""
        return self._watching(arguments.video_id(video_id))

    def upscale_and_wait(
        self,
        video_id: str,
        *,
        reply_url: str | None = None,
        reply_ref: str | None = None,
        max_jobs: int | None = None,
        once: bool = False,
    ) -> Flow[Video]:
        """Submit an upscale and wait for its end; the deadline is for both.

        An error that comes after the acceptance has a `video_id`: wait for that, don't submit again.
        """
        wish = self._wish(video_id, reply_url, reply_ref, max_jobs, once=once)
        return self._submitting_and_waiting(wish, once=once)

    # Submitting

    def _wish(
        self, video_id: str, reply_url: str | None, reply_ref: str | None, max_jobs: int | None, *, once: bool
    ) -> Wish:
        if once and not reply_ref:
            raise errors.InvalidArgument("once needs a reply_ref: it is known again by that")
        body: dict[str, object] = {"video_id": arguments.video_id(video_id)}
        if reply_url is not None:
            body["replyUrl"] = arguments.reply_url(reply_url)
        unique = once or not reply_ref
        reply_ref = arguments.text("reply_ref", reply_ref) if reply_ref else self._make_ref()
        body["replyRef"] = reply_ref
        if max_jobs is not None:
            body["maxJobs"] = arguments.whole("max_jobs", max_jobs, 1, 8)
        request = Request("upscaleVideo", "POST", f"{API}/videos/upscale", json=body)
        return Wish(Ask(request, lambda value: _accepted(value, reply_ref)), video_id, reply_ref, unique)

    def _submitting(self, wish: Wish, *, once: bool) -> Flow[Accepted]:
        return (yield from self._submitted(wish, (yield from self._span()), once=once))

    def _submitting_and_waiting(self, wish: Wish, *, once: bool) -> Flow[Video]:
        span = yield from self._span()
        accepted = yield from self._submitted(wish, span, once=once)
        return _completed((yield from self._watched(accepted.video_id, span)))

    def _submitted(self, wish: Wish, span: Span, *, once: bool) -> Flow[Accepted]:
        before = Found(set(), set())
        if once or not wish.unique:
            # Once may have been long ago: then all videos are looked at, not only the newest.
            before = yield from self._search(wish, span, to_the_end=once)
        if once and before.surely:
            return _known(wish, before.surely)
        if once and not before.everything:
            raise self._undecided(wish, None, "there are more videos than are looked at for a job with the reference")
        tries = Tries(self._policy, self._draw, span)
        while True:
            try:
                return (yield from self._once(wish.ask, span, tries.number))
            except (NoCapacity, NotConnected) as error:
                yield from tries.after(error)
            except TROUBLE as error:
                if found := (yield from self._looked(wish, before, error, span)):
                    return _known(wish, found)
                error.advice = "nothing was accepted: submit it again"
                yield from tries.after(error)

    def _looked(self, wish: Wish, before: Found, lost: ClientError, span: Span) -> Flow[set[str]]:
        """The job that a submission with a lost answer has started, none if it was not accepted. Raises Undecided."""
        old = before.surely | before.perhaps
        why = f"the answer was lost ({lost.message})"
        try:
            for turn in range(self._policy.looks):
                if turn:
                    yield from span.rest(self._draw(*self._policy.busy), lost)
                found = yield from self._search(wish, span)
                if (new := found.surely - old) and before.everything:
                    return new
        except ClientError as error:
            why = f"{why}, and the job can't be looked for: {error.message}"
            raise self._undecided(wish, lost, why) from error
        if found.perhaps - old or not found.everything or not before.everything:
            raise self._undecided(wish, lost, f"{why}, and what was found leaves it open")
        return set()

    @staticmethod
    def _undecided(wish: Wish, lost: ClientError | None, why: str) -> errors.Undecided:
        status, attempt = (lost.status, lost.attempt) if lost is not None else (None, None)
        return errors.Undecided(why, reply_ref=wish.reply_ref, operation="upscaleVideo", status=status, attempt=attempt)

    def _search(self, wish: Wish, span: Span, *, to_the_end: bool = False) -> Flow[Found]:
        """The jobs with the wish's replyRef: those that run, and those in the list of videos."""
        available: Availability = yield from self._answered(self._available(), span)
        running = (job for job in available.executing if job.reply_ref == wish.reply_ref)
        named = {job.id for job in running if arguments.is_video_id(job.id)}
        found = Found(named if wish.unique else set(), set() if wish.unique else named)

        def note(video: Video) -> bool:
            if video.reply_ref == wish.reply_ref and arguments.is_video_id(video.video_id):
                found.perhaps.discard(video.video_id)
                # The list has the source, the scheduler has not.
                if video.source in (wish.source, None):
                    (found.perhaps if video.source is None and not wish.unique else found.surely).add(video.video_id)
                else:
                    found.surely.discard(video.video_id)
            return False

        found.everything = yield from self._listed(wish.source, note, span, to_the_end=to_the_end)
        return found

    # Waiting

    def _waiting(self, video_id: str) -> Flow[Video]:
        return _completed((yield from self._watched(video_id, (yield from self._span()))))

    def _watching(self, video_id: str) -> Flow[Video]:
        return (yield from self._watched(video_id, (yield from self._span())))

    def _watched(self, video_id: str, span: Span) -> Flow[Video]:
        """The video, once its status is final. An error knows its id."""
        try:
            seen, absences = None, 0
            while True:
                video, everything = yield from self._found(video_id, span)
                absences = absences + 1 if video is None and everything else 0
                if video is not None and video.status is not seen:
                    seen = video.status
                    yield Seen(video)
                if video is not None and video.status.final:
                    return video
                if absences >= self._policy.absences:
                    raise errors.NotFound(f"{video_id} did not appear", operation="listVideos", attempt=absences)
                now = seen.name if seen is not None else "not to be seen yet"
                yield from span.rest(self._draw(*self._policy.poll), f"the video is {now}")
        except ClientError as error:
            error.video_id = video_id
            raise

    def _found(self, video_id: str, span: Span) -> Flow[tuple[Video | None, bool]]:
        """The video, by its id or else in the list; and whether there is nowhere else to look for it."""
        try:
            request = Request("getVideo", "GET", f"{API}/videos/{video_id}")
            return (yield from self._answered(Ask(request, lambda value: read(Video, value)), span)), True
        except VideoNotReady:
            pass
        found: list[Video] = []

        def note(video: Video) -> bool:
            if video.video_id == video_id:
                found.append(video)
            return bool(found)

        everything = yield from self._listed(video_id, note, span)
        return (found[0] if found else None), everything

    # Reading

    @staticmethod
    def _available() -> Ask[Availability]:
        request = Request("listAvailable", "GET", f"{API}/scheduler/available")
        return Ask(request, lambda value: read(Availability, value))

    def _listed(
        self, video_id: str, note: Callable[[Video], bool], span: Span, *, to_the_end: bool = False
    ) -> Flow[bool]:
        """Show `note` the videos of an id's account, until it has seen enough; whether those were all that matter.

        That the newest come first is not documented: the first page is only enough where it shows it, and never
        `to_the_end`.
        """
        known: set[str] = set()
        for page in range(self._policy.pages):
            query = (("email", arguments.account_of(video_id)), ("limit", str(MOST_VIDEOS)))
            offset = (("offset", str(page * MOST_VIDEOS)),) if page else ()
            request = Request("listVideos", "GET", f"{API}/videos", (*query, *offset))
            videos = yield from self._answered(Ask(request, lambda value: read(VideoList, value)), span)
            fresh = [video for video in videos if video.video_id not in known]
            enough = [note(video) for video in fresh]
            if any(enough) or not fresh or (_newest_first(videos) and not to_the_end):
                return True
            known.update(video.video_id for video in fresh)
        return False


def _accepted(value: object, reply_ref: str) -> Accepted:
    """Read the answer to a submission. Raises Misshapen."""
    accepted = read(Accepted, value)
    if not arguments.is_video_id(accepted.video_id):
        raise Misshapen(f"video_id is no id of a video: {show(accepted.video_id)}")
    return replace(accepted, reply_ref=reply_ref)


def _known(wish: Wish, found: set[str]) -> Accepted:
    """What was found as if it had been answered. There are several only where it was wished for more than once."""
    return _accepted({"video_id": min(found, key=lambda each: (len(each), each))}, wish.reply_ref)


def _newest_first(videos: VideoList) -> bool:
    first, last = (videos.data[0].created_at, videos.data[-1].created_at) if len(videos) else (None, None)
    return first is not None and last is not None and first > last


def _completed(video: Video) -> Video:
    """The video if it is COMPLETED. Raises Moderated or Failed."""
    if video.status is Status.COMPLETED:
        return video
    kind = errors.Moderated if video.status is Status.MODERATED else errors.Failed
    error = kind(f"{video.video_id} ended {video.status.name}", operation="getVideo")
    error.video, error.video_id = video, video.video_id
    raise error
