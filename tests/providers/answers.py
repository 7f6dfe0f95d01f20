"""Flaws of answers as such: statuses, texts, headers, media types, framing."""

import re
from typing import Any

from mockserver.message import Request, Suffering, Wire
from providers.flaw import answering
from providers.told import Told
from providers.trial import ACCOUNTS, FEATURES, OTHER, UPSCALE, USER, VIDEOS


@answering(
    "A full account is answered 409 in the place of 429.",
    "answers/status",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: trial.when_full().status == 409,
)
def busy_is_conflict(told: Told) -> None:
    if told.status == 429:
        told.status = 409


@answering(
    "Insufficient credits are answered 402 in the place of 412.",
    "answers/status",
    "documented/upscaleVideo/412/*",
    shows=lambda trial: trial.adjust(credits=0) or trial.upscale().status == 402,
)
def credits_are_payment_required(told: Told) -> None:
    if told.status == 412:
        told.status = 402


@answering(
    "A pending error is answered 403 in the place of 596.",
    "answers/status",
    "documented/upscaleVideo/596/*",
    shows=lambda trial: trial.adjust(pending_error=True) or trial.upscale().status == 403,
)
def pending_is_forbidden(told: Told) -> None:
    if told.status == 596:
        told.status, told.reason = 403, None


@answering(
    "An accepted upscale is answered 201 in the place of 200.",
    "answers/status",
    "documented/upscaleVideo/200/*",
    shows=lambda trial: trial.upscale().status == 201,
)
def accepted_is_created(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 200:
        told.status = 201


@answering(
    "A saved account is answered 200 in the place of 201.",
    "answers/status",
    "documented/saveAccount/201/*",
    shows=lambda trial: trial.save().status == 200,
)
def saved_is_ok(told: Told) -> None:
    if told.status == 201:
        told.status = 200


@answering(
    "A deleted video is answered 204, without a body.",
    "answers/status",
    "documented/deleteVideo/200/*",
    shows=lambda trial: trial.delete(trial.video_id()).status == 204,
)
def deleted_is_empty(told: Told) -> None:
    if told.operation == "deleteVideo" and told.status == 200:
        told.status, told.body, told.headers = 204, b"", {}


@answering(
    "An account that is not linked is answered 200 with null.",
    "answers/schema",
    "documented/getAccount/404/*",
    shows=lambda trial: trial.call("GET", f"{ACCOUNTS}/{OTHER}").status == 200,
)
def unknown_account_is_null(told: Told) -> None:
    if told.operation == "getAccount" and told.status == 404:
        told.status, told.value = 200, None


@answering(
    "The text of a full account lacks its full stop.",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: not trial.when_full().body["error"].endswith("."),
)
def busy_text(told: Told) -> None:
    if told.status == 429:
        told.value["error"] = told.value["error"].rstrip(".")


@answering(
    "The text of a full account names another limit.",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: "executing 9 tasks" in trial.when_full().body["error"],
)
def busy_number(told: Told) -> None:
    if told.status == 429:
        told.value["error"] = re.sub("executing [0-9]+", "executing 9", told.value["error"])


@answering(
    "The text of a pending error has only its first sentence.",
    "documented/upscaleVideo/596/*",
    shows=lambda trial: trial.adjust(pending_error=True) or "https" not in trial.upscale().body["error"],
)
def pending_text(told: Told) -> None:
    if told.status == 596:
        told.value["error"] = told.value["error"].partition(". ")[0] + "."


@answering(
    "The text of a 401 says why.",
    "documented/*/401/*",
    shows=lambda trial: trial.call("GET", USER, headers={"Authorization": ""}).body["error"] != "Unauthorized",
)
def unauthorized_text(told: Told) -> None:
    if told.status == 401:
        told.value["error"] = "Unauthorized: no such token"


@answering(
    "596 has another reason phrase.",
    "answers/reason",
    "documented/upscaleVideo/596/*",
    shows=lambda trial: trial.adjust(pending_error=True) or trial.api.answer(_upscale(trial)).reason == "Unknown Error",
)
def pending_reason(told: Told) -> None:
    if told.status == 596:
        told.reason = "Unknown Error"


@answering(
    "Refusals of an upscale carry a `code`.",
    "answers/schema",
    "documented/upscaleVideo/*",
    shows=lambda trial: "code" in trial.when_full().body,
)
def code_where_none_is(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status >= 400:
        told.value["code"] = told.status


@answering(
    "Errors of the accounts lack their `code`.",
    "answers/schema",
    "documented/*Account*/*",
    shows=lambda trial: "code" not in trial.call("GET", f"{ACCOUNTS}/{OTHER}").body,
)
def code_missing(told: Told) -> None:
    if "Account" in told.operation and told.status >= 400:
        del told.value["code"]


@answering(
    "The `code` of an error is not its status.",
    "answers/code",
    "documented/*",
    shows=lambda trial: trial.call("GET", f"{ACCOUNTS}/{OTHER}").body["code"] == 500,
)
def code_of_another_status(told: Told) -> None:
    if told.status >= 400 and "code" in told.value:
        told.value["code"] = 500


@answering(
    "Errors of the list are objects in the place of texts.",
    "answers/schema",
    "documented/listVideos/400/*",
    shows=lambda trial: isinstance(trial.call("GET", VIDEOS, query="limit=0").body["error"], dict),
)
def error_is_object(told: Told) -> None:
    if told.operation == "listVideos" and told.status >= 400:
        told.value["error"] = {"message": told.value["error"]}


@answering(
    "A video that is not there is answered with an HTML page.",
    "answers/media-type",
    "answers/json",
    "documented/getVideo/404/*",
    shows=lambda trial: trial.single(trial.number(99)).content.startswith(b"<html>"),
)
def error_is_page(told: Told) -> None:
    if told.operation == "getVideo" and told.status == 404:
        told.headers = {b"content-type": b"text/html"}
        told.body = b"<html><body><h1>404 Not Found</h1></body></html>"


@answering(
    "The features are sent as text/plain.",
    "answers/media-type",
    "documented/getFeatures/200/*",
    shows=lambda trial: trial.call("GET", FEATURES).headers["content-type"] == "text/plain",
)
def wrong_content_type(told: Told) -> None:
    if told.operation == "getFeatures":
        told.headers[b"content-type"] = b"text/plain"


@answering(
    "The list has no Content-Type.",
    "answers/media-type",
    "documented/listVideos/*",
    shows=lambda trial: "content-type" not in trial.call("GET", VIDEOS).headers,
)
def no_content_type(told: Told) -> None:
    if told.operation == "listVideos":
        del told.headers[b"content-type"]


@answering(
    "429 carries a Retry-After in words.",
    "answers/headers",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: trial.when_full().headers.get("retry-after") == "soon",
)
def retry_after_in_words(told: Told) -> None:
    if told.status == 429:
        told.headers[b"retry-after"] = b"soon"


@answering(
    "429 carries a negative Retry-After.",
    "answers/headers",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: trial.when_full().headers.get("retry-after") == "-5",
)
def retry_after_negative(told: Told) -> None:
    if told.status == 429:
        told.headers[b"retry-after"] = b"-5"


@answering(
    "The list's JSON begins with a byte order mark.",
    "answers/json",
    "documented/listVideos/200/*",
    shows=lambda trial: trial.call("GET", VIDEOS).content.startswith(b"\xef\xbb\xbf"),
)
def byte_order_mark(told: Told) -> None:
    if told.operation == "listVideos" and told.status == 200:
        told.body = b"\xef\xbb\xbf" + told.body


@answering(
    "Behind the JSON of the accounts stands a comment.",
    "answers/json",
    "documented/listAccounts/*",
    shows=lambda trial: trial.call("GET", ACCOUNTS).content.endswith(b"-->"),
)
def trailing_bytes(told: Told) -> None:
    if told.operation == "listAccounts":
        told.body += b"\n<!-- 12 ms -->"


@answering(
    "The user's answer is announced as twice as long as it is.",
    "answers/arrives",
    "documented/getUser/200/*",
    shows=lambda trial: trial.api.answer(_get(trial, USER)).wire is not None,
)
def content_length_too_long(told: Told) -> None:
    if told.operation == "getUser" and told.status == 200:
        # The connection ends where half of what was announced has come.
        told.wire = Wire(Suffering.TRUNCATED)


@answering(
    "What is not ASCII is sent in Latin-1, what is not in that as a question mark.",
    "answers/json",
    "videos/reply-fields",
    shows=lambda trial: trial.ended(replyRef="día") and b"d\xeda" in trial.call("GET", VIDEOS).content,
)
def latin_1(told: Told) -> None:
    if told.operation in ("listVideos", "getVideo"):
        told.body = told.body.decode().encode("latin-1", "replace")


@answering(
    "Every fifth request is answered 500.",
    "answers/no-crash",
    shows=lambda trial: 500 in [trial.call("GET", USER).status for _ in range(5)],
)
def fails_now_and_then(told: Told) -> None:
    told.memory["calls"] = told.memory.get("calls", 0) + 1
    if told.memory["calls"] % 5 == 0:
        told.status, told.value = 500, {"error": "Internal Server Error"}


def _get(trial: Any, path: str) -> Any:
    return Request("GET", path, headers=((b"authorization", f"Bearer {trial.token}".encode()),))


def _upscale(trial: Any) -> Any:
    headers = ((b"authorization", f"Bearer {trial.token}".encode()), (b"content-type", b"application/json"))
    return Request("POST", UPSCALE, headers=headers, body=b'{"video_id": "%s"}' % trial.video_id().encode())
