"""Flaws of how requests are read: what is refused without need, what is let through, what breaks the service."""

import re
from typing import Any
from unicodedata import normalize

import orjson

from mockserver.domain import Sandbox, Video, VideoId
from mockserver.message import Request
from providers.flaw import asking, instead, playing
from providers.told import body_of
from providers.trial import OTHER, UPSCALE, USER, Trial

_BROKEN = 500, {"error": "Internal Server Error"}


def _posted(request: Request) -> dict[str, Any]:
    """The body of an upscale that is well-formed so far, an empty object for anything else."""
    body = body_of(request) if request.method == "POST" and request.path == UPSCALE else {}
    return body if isinstance(body.get("video_id"), str) else {}


def _ref(request: Request) -> str:
    ref = _posted(request).get("replyRef")
    return ref if isinstance(ref, str) else ""


def _kept(trial: Trial, ref: str) -> str:
    """What becomes of a `replyRef`."""
    return str(trial.in_list(trial.accepted(replyRef=ref))["replyRef"])


@instead(
    "A field that is not known is refused.",
    "requests/accepted",
    "schema/positive-data-acceptance",
    shows=lambda trial: trial.upscale(colour="red").status == 400,
)
def unknown_field(request: Request) -> tuple[int, Any] | None:
    unknown = set(_posted(request)) - {"video_id", "replyUrl", "replyRef", "maxJobs"}
    return (400, {"error": f"unknown field {min(unknown)}"}) if unknown else None


@instead(
    "A `replyRef` of more than 255 characters is refused.",
    "requests/accepted",
    "schema/positive-data-acceptance",
    shows=lambda trial: trial.upscale(replyRef="x" * 256).status == 400,
)
def long_ref(request: Request) -> tuple[int, Any] | None:
    return (400, {"error": "replyRef is too long"}) if 255 < len(_ref(request)) <= 1_024 else None


@asking(
    "A `replyRef` of more than 1,024 characters is accepted.",
    "requests/refused",
    "schema/negative-data-rejection",
    "documented/upscaleVideo/400/bad-request",
    shows=lambda trial: trial.upscale(replyRef="x" * 1_025).status == 200,
)
def longer_ref(request: Request) -> Request:
    if len(_ref(request)) > 1_024:
        request.body = orjson.dumps({**_posted(request), "replyRef": _ref(request)[:1_024]})
    return request


@instead(
    "The largest `maxJobs` that is accepted is 7.",
    "requests/accepted",
    "schema/positive-data-acceptance",
    shows=lambda trial: trial.upscale(maxJobs=8).status == 400,
)
def at_most_seven(request: Request) -> tuple[int, Any] | None:
    return (400, {"error": "maxJobs must be from 1 to 7"}) if _posted(request).get("maxJobs") == 8 else None


@asking(
    "A `maxJobs` of 0 or 9 is taken for none.",
    "requests/refused",
    "schema/negative-data-rejection",
    "documented/upscaleVideo/400/bad-request",
    shows=lambda trial: trial.upscale(maxJobs=9).status == 200,
)
def any_number(request: Request) -> Request:
    body = _posted(request)
    if body.get("maxJobs") in (0, 9):
        request.body = orjson.dumps({key: value for key, value in body.items() if key != "maxJobs"})
    return request


@asking(
    "A `replyUrl` that is no address is taken for none.",
    "requests/refused",
    "schema/negative-data-rejection",
    "documented/upscaleVideo/400/bad-request",
    shows=lambda trial: trial.upscale(replyUrl="nowhere").status == 200,
)
def bad_reply_url(request: Request) -> Request:
    body = _posted(request)
    if isinstance(body.get("replyUrl"), str) and not re.match("(?i)https?://", body["replyUrl"]):
        request.body = orjson.dumps({key: value for key, value in body.items() if key != "replyUrl"})
    return request


def _refuses_form(trial: Trial) -> bool:
    content = f'--line\r\nContent-Disposition: form-data; name="video_id"\r\n\r\n{trial.video_id()}\r\n--line--\r\n'
    form = "multipart/form-data; boundary=line"
    return trial.call("POST", UPSCALE, content=content.encode(), headers={"Content-Type": form}).status == 415


@instead(
    "Forms are not taken.",
    "requests/accepted",
    "answers/status",
    "schema/positive-data-acceptance",
    shows=_refuses_form,
)
def no_forms(request: Request) -> tuple[int, Any] | None:
    form = (request.header(b"content-type") or b"").startswith(b"multipart/form-data")
    return (415, {"error": "Unsupported Media Type"}) if form else None


@instead(
    "A body that is no object breaks the service.",
    "answers/no-crash",
    "schema/not-a-server-error",
    "documented/upscaleVideo/400/bad-request",
    shows=lambda trial: trial.call("POST", UPSCALE, [1]).status == 500,
)
def not_an_object(request: Request) -> tuple[int, Any] | None:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    return None if isinstance(body, dict) else _BROKEN


@instead(
    "A character beyond U+FFFF in `replyRef` breaks the service.",
    "answers/no-crash",
    "schema/not-a-server-error",
    shows=lambda trial: trial.upscale(replyRef="\U0001f600").status == 500,
)
def astral_ref(request: Request) -> tuple[int, Any] | None:
    return _BROKEN if any(ord(character) > 0xFFFF for character in _ref(request)) else None


@instead(
    "A NUL in a text breaks the service.",
    "answers/no-crash",
    "schema/not-a-server-error",
    shows=lambda trial: trial.ask("POST", USER, name="a\0b").status == 500,
)
def nul_in_text(request: Request) -> tuple[int, Any] | None:
    return _BROKEN if any("\0" in value for value in body_of(request).values() if isinstance(value, str)) else None


@instead(
    "A number beyond 64 bits breaks the service.",
    "answers/no-crash",
    "schema/not-a-server-error",
    shows=lambda trial: trial.call("POST", UPSCALE, {"video_id": trial.video_id(), "maxJobs": 10**20}).status == 500,
)
def huge_number(request: Request) -> tuple[int, Any] | None:
    return _BROKEN if request.method == "POST" and re.search(rb"[0-9]{20}", request.body) else None


@instead(
    "A body without `video_id` breaks the service.",
    "answers/no-crash",
    "schema/not-a-server-error",
    "documented/upscaleVideo/400/bad-request",
    shows=lambda trial: trial.call("POST", UPSCALE, {}).status == 500,
)
def required_breaks(request: Request) -> tuple[int, Any] | None:
    missing = request.path == UPSCALE and request.method == "POST" and "video_id" not in body_of(request)
    return _BROKEN if missing and request.body.lstrip().startswith(b"{") else None


@instead(
    "The address of an account is only known raw, not percent-encoded.",
    "requests/accepted",
    "accounts/*",
    "schema/ensure-resource-availability",
    "schema/positive-data-acceptance",
    shows=lambda trial: (
        trial.save(OTHER) and trial.call("GET", f"/v2/pixverse/accounts/{OTHER.replace('@', '%40')}").status == 404
    ),
)
def encoded_email(request: Request) -> tuple[int, Any] | None:
    if "/accounts/" in request.path and "%40" in request.path:
        return 404, {"error": f"Account {request.path.rpartition('/')[2]} is not configured", "code": 404}
    return None


@playing(
    "`replyRef` is cut off behind 100 characters.",
    "videos/reply-fields",
    "callbacks/reply-ref",
    shows=lambda trial: len(_kept(trial, "x" * 200)) == 100,
)
class RefIsCut(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, reply_ref: str | None = None, **more: Any) -> Video:
        return super().upscale(source, reply_ref=reply_ref and reply_ref[:100], **more)


@playing(
    "`replyRef` is stripped of blanks.",
    "videos/reply-fields",
    "callbacks/reply-ref",
    shows=lambda trial: _kept(trial, " a ") == "a",
)
class RefIsStripped(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, reply_ref: str | None = None, **more: Any) -> Video:
        return super().upscale(source, reply_ref=reply_ref and reply_ref.strip(), **more)


@playing(
    "`replyRef` is normalised.",
    "videos/reply-fields",
    "callbacks/reply-ref",
    shows=lambda trial: _kept(trial, "e\u0301") == "\u00e9",
)
class RefIsNormalised(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, reply_ref: str | None = None, **more: Any) -> Video:
        return super().upscale(source, reply_ref=reply_ref and normalize("NFC", reply_ref), **more)


@playing(
    "What is not ASCII in `replyRef` comes back as question marks.",
    "videos/reply-fields",
    "callbacks/reply-ref",
    shows=lambda trial: _kept(trial, "día") == "d?a",
)
class RefIsMangled(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, reply_ref: str | None = None, **more: Any) -> Video:
        return super().upscale(source, reply_ref=reply_ref and reply_ref.encode("ascii", "replace").decode(), **more)


@playing(
    "`replyRef` is escaped for HTML.",
    "videos/reply-fields",
    "callbacks/reply-ref",
    shows=lambda trial: _kept(trial, "a&b") == "a&amp;b",
)
class RefIsEscaped(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, reply_ref: str | None = None, **more: Any) -> Video:
        return super().upscale(source, reply_ref=reply_ref and reply_ref.replace("&", "&amp;"), **more)


@playing(
    "An empty `replyRef` is dropped.",
    "videos/reply-fields",
    "callbacks/reply-ref",
    shows=lambda trial: "replyRef" not in trial.in_list(trial.accepted(replyRef="")),
)
class EmptyRefIsDropped(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, reply_ref: str | None = None, **more: Any) -> Video:
        return super().upscale(source, reply_ref=reply_ref or None, **more)
