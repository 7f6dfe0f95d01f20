"""The calls to replyUrl: what came, checked; duplicates and latecomers told from news. For any framework.

The API calls for each change of status and for progress, promises no order, and may call twice. In Flask:

    from flask import Flask, request
    from contracts.client.callbacks import BadCallback, Inbox

    app, inbox = Flask(__name__), Inbox()

    @app.post("/callback")
    def callback():
        try:
            news = inbox.receive(request.get_data(), request.headers)
        except BadCallback as error:
            return str(error), 400
        if news is not None and news.video.status.final:
            print(news.reply_ref, news.video.status.name, news.video.url)
        return "ok"

As a plain WSGI application:

    from contracts.client.callbacks import BadCallback, Inbox

    inbox = Inbox()

    def app(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, text = "200 OK", b"ok"
        try:
            news = inbox.receive(body)
        except BadCallback as error:
            status, text = "400 Bad Request", str(error).encode()
        else:
            if news is not None and news.video.status.final:
                print(news.reply_ref, news.video.status.name, news.video.url)
        start_response(status, [("Content-Type", "text/plain")])
        return [text]

The vendor signs nothing. Where calls are signed as Standard Webhooks has it, as the mock's can be, give the secret.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Any, Final

from contracts.client.arguments import is_video_id
from contracts.client.errors import BadCallback, BadSignature
from contracts.client.results import Video
from contracts.client.shapes import Misshapen, read, show
from contracts.client.status import Status

__all__ = ["BadCallback", "BadSignature", "Callback", "Inbox", "read_callback"]

Headers = Mapping[str, str] | Iterable[tuple[str, str]]

_MOST_BYTES: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Callback:
    """A call: the video as it is now, and the reference of its request.

    `id` is the same for every delivery of the same call: its webhook-id, else a digest of the body.
    """

    video: Video
    reply_ref: str | None
    id: str


def read_callback(body: bytes, headers: Headers = (), *, secret: str | None = None) -> Callback:
    """What came to a replyUrl. Raises BadCallback; with a `secret`, BadSignature for what is not signed with it."""
    named = {name.lower(): value for name, value in (headers.items() if isinstance(headers, Mapping) else headers)}
    if len(body) > _MOST_BYTES:
        raise BadCallback(f"a callback has at most {_MOST_BYTES} bytes, got {len(body)}")
    if secret is not None:
        _verify(body, named, secret)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadCallback(f"a callback's body is JSON, got {body[:40]!r}") from None
    try:
        video = read(Video, value)
    except (Misshapen, RecursionError) as why:
        raise BadCallback(f"a callback's body is a video: {why}") from None
    if not is_video_id(video.video_id):
        raise BadCallback(f"a callback's video_id is the id of a video, got {show(video.video_id)}")
    if video.video_status is None and video.video_status_name is None:
        raise BadCallback("a callback has video_status or video_status_name, got neither")
    return Callback(video, video.reply_ref or _nested_ref(value), named.get("webhook-id") or sha256(body).hexdigest())


class Inbox:
    """What was received, so that each piece of news is told once and in order. Safe to use from several threads.

    secret: what calls are signed with. keep: how many ended videos are remembered, the latest ones.
    """

    def __init__(self, *, secret: str | None = None, keep: int = 10_000) -> None:
        self._secret = secret
        self._keep = keep
        self._lock = Lock()
        self._going: OrderedDict[str, _Heard] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def receive(self, body: bytes, headers: Headers = ()) -> Callback | None:
        """The news that a call brings: None if it came before, or is older than what came. Raises BadCallback.

        Further progress at the same status is news; nothing is after the end.
        """
        callback = read_callback(body, headers, secret=self._secret)
        video_id, status = callback.video.video_id, callback.video.status
        with self._lock:
            if video_id in self._ended:
                return None
            heard = self._going.setdefault(video_id, _Heard())
            self._going.move_to_end(video_id)
            # One that the contract does not have is taken as it comes.
            late = status is not Status.UNKNOWN and status.rank < heard.rank
            if callback.id in heard.ids or late:
                return None
            heard.ids.add(callback.id)
            heard.rank = max(heard.rank, status.rank)
            if status.final:
                del self._going[video_id]
                self._ended[video_id] = None
            for each in (self._going, self._ended):
                if len(each) > self._keep:
                    each.popitem(last=False)
        return callback


@dataclass(slots=True)
class _Heard:
    """What was heard of a video that has not ended."""

    rank: int = 0
    ids: set[str] = field(default_factory=set)


def _nested_ref(value: Mapping[str, Any]) -> str | None:
    """The reference where other services of the vendor have it."""
    response = value.get("response")
    found = response.get("replyRef") if isinstance(response, Mapping) else None
    return found if isinstance(found, str) else None


def _verify(body: bytes, headers: dict[str, str], secret: str) -> None:
    # Imported here: the vendor signs nothing, so most receivers need it not.
    from standardwebhooks import Webhook, WebhookVerificationError

    webhook = Webhook(secret)
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError) as why:
        # A ValueError is a header that is not of the form at all.
        raise BadSignature(f"the signature does not fit: {why}") from None
