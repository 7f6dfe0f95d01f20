"""Flaws of the list of videos: pages, order, whose videos."""

from typing import Any

from mockserver.domain import Sandbox, Video
from mockserver.domain.refusals import EmailRequired
from mockserver.message import Request
from providers.flaw import answering, asking, playing
from providers.told import Told
from providers.trial import FEATURES, OTHER, VIDEOS


@playing("`limit` is ignored.", "videos/paging", shows=lambda trial: len(trial.ids("limit=2")) == 5)
class LimitIgnored(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, **more: Any) -> list[Video]:
        return super().page(email, **{**more, "limit": 100})


@playing(
    "A page holds one video more than `limit`.",
    "videos/paging",
    shows=lambda trial: len(trial.ids("limit=2")) == 3,
)
class LimitAndOne(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        return super().page(email, limit=limit + 1, offset=offset, **more)


@playing("`limit` is 3 where none is given.", "videos/paging", shows=lambda trial: len(trial.ids()) == 3)
class DefaultLimit(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        return super().page(email, limit=3 if limit == 40 else limit, offset=offset, **more)


@playing("`offset` is ignored.", "videos/paging", shows=lambda trial: trial.ids("offset=2") == trial.ids())
class OffsetIgnored(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, **more: Any) -> list[Video]:
        return super().page(email, **{**more, "offset": 0})


@playing(
    "Every page but the first skips a video.",
    "videos/paging",
    shows=lambda trial: trial.ids("offset=2") == trial.ids()[3:],
)
class OffsetTooFar(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        return super().page(email, limit=limit, offset=offset + (offset > 0), **more)


@playing(
    "Every page but the first begins with the last video of the one before.",
    "videos/paging",
    shows=lambda trial: trial.ids("offset=2") == trial.ids()[1:],
)
class OffsetTooShort(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        return super().page(email, limit=limit, offset=max(0, offset - 1), **more)


@playing(
    "`offset` counts pages.", "videos/paging", shows=lambda trial: trial.ids("limit=2&offset=1") == trial.ids()[2:4]
)
class OffsetOfPages(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        return super().page(email, limit=limit, offset=offset * limit, **more)


@answering(
    "The list begins with another video each time.",
    "videos/newest-first",
    "videos/paging",
    "reads/change-nothing",
    shows=lambda trial: trial.ids() != trial.ids(),
)
def order_changes(told: Told) -> None:
    if told.operation == "listVideos" and told.status == 200 and told.value["data"]:
        videos = told.value["data"]
        told.memory["calls"] = told.memory.get("calls", 0) + 1
        turn = told.memory["calls"] % len(videos)
        told.value["data"] = videos[turn:] + videos[:turn]


@playing(
    "The list is in no order.",
    "videos/newest-first",
    shows=lambda trial: trial.ids() not in (sorted(trial.ids()), sorted(trial.ids(), reverse=True)),
)
class NoOrder(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        videos = sorted(super().page(email, limit=1_000, offset=0, **more), key=lambda video: video.number % 97)
        return videos[offset : offset + limit]


@playing(
    "The list leaves out what is not finished.",
    "videos/new-appears",
    shows=lambda trial: trial.accepted() not in trial.ids(),
)
class UnfinishedIsHidden(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        videos = [video for video in super().page(email, limit=1_000, offset=0, **more) if video.final]
        return videos[offset : offset + limit]


@playing("The list leaves out what failed.", "videos/kept", shows=lambda trial: trial.ended(8) not in trial.ids())
class FailedIsHidden(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, *, limit: int, offset: int, **more: Any) -> list[Video]:
        videos = super().page(email, limit=1_000, offset=0, **more)
        return [video for video in videos if video.status.name != "FAILED"][offset : offset + limit]


@playing(
    "A list with no `email` is that of the first account, however many there are.",
    "documented/listVideos/400/email-required",
    "requests/refused",
    shows=lambda trial: trial.save(OTHER) and trial.call("GET", VIDEOS).status == 200,
)
class EmailGuessed(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, **more: Any) -> list[Video]:
        try:
            return super().page(email, **more)
        except EmailRequired:
            return super().page(next(iter(self.accounts)), **more)


@playing(
    "The list is that of the first account, whichever is named.",
    "ids/own",
    shows=lambda trial: trial.save(OTHER) and OTHER not in trial.ids(f"email={OTHER}")[0],
)
class EmailIgnored(Sandbox):
    __slots__ = ()

    def page(self, email: str | None, **more: Any) -> list[Video]:
        self.accounts.find(email)
        return super().page(next(iter(self.accounts)), **more)


@asking(
    "A `limit` of 0 is taken for the default.",
    "requests/refused",
    "documented/listVideos/400/bad-request",
    "schema/negative-data-rejection",
    shows=lambda trial: trial.call("GET", VIDEOS, query="limit=0").status == 200,
)
def limit_of_zero(request: Request) -> Request:
    if request.path == VIDEOS:
        request.query = request.query.replace("limit=0", "limit=40")
    return request


@asking(
    "What is no account's email is not looked at by the features.",
    "requests/refused",
    "documented/getFeatures/400/bad-request",
    "schema/negative-data-rejection",
    shows=lambda trial: trial.call("GET", FEATURES, query="email=nobody").status == 200,
)
def bad_email(request: Request) -> Request:
    if request.path == FEATURES and "@" not in request.query and "%40" not in request.query:
        request.query = ""
    return request
