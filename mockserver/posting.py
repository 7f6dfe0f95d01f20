"""The request of a callback: the body by the contract, the headers, the signature where one is wanted."""

from datetime import UTC, datetime
from typing import Final

import orjson

from mockserver import __version__, present
from mockserver.clock import wall
from mockserver.delivery import Answer, Delivery
from mockserver.domain import Callback, Receipt, Verdict
from mockserver.message import Headers
from mockserver.runtime import GuardedSandbox
from mockserver.spec import Contract

_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"user-agent", f"pixverse-mock/{__version__}".encode()),
)
_GONE: Final = 410
_BUSY: Final = (429, 503)


class MisfitError(Exception):
    """A bug of ours: the body of a callback does not fit the contract."""


class Posting:
    """Makes the requests of callbacks, each checked against the contract before it leaves."""

    def __init__(self, contract: Contract) -> None:
        self._form = contract.callback

    def delivery(self, guarded: GuardedSandbox, callback: Callback) -> Delivery:
        """The request of a callback; the sandbox's lock is held. Raises MisfitError."""
        body = guarded.shown.body(callback)
        if body is None:
            value = present.callback(guarded.sandbox, callback, guarded.answers)
            if not self._form.fits(value):
                misfit = self._form.violations(value)[0]
                raise MisfitError(f"callback of {value['video_id']}: {misfit.sentence} ({misfit.pointer or '/'})")
            body = orjson.dumps(value)
            if guarded.liberties is not None:
                body = guarded.liberties.callback(self._form, body)
            guarded.shown.keep(callback, body)
        headers: Headers = _HEADERS
        if guarded.secret is not None:
            headers = (*headers, *_signature(guarded.secret, guarded.sandbox.user, callback, body))
        return Delivery(callback.url, headers, body, callback.pause / 1_000)


def _signature(secret: str, user: str, callback: Callback, body: bytes) -> Headers:
    """The headers of Standard Webhooks. Their time is real, since receivers compare it with their own."""
    # Imported here: the vendor signs nothing, so few runs need it.
    from standardwebhooks import Webhook

    name = f"msg_{user}_{callback.video.number}_{callback.copy_of or callback.number}"
    moment = datetime.fromtimestamp(int(wall()), UTC)
    signature = Webhook(secret).sign(name, moment, body.decode())
    return (
        (b"webhook-id", name.encode()),
        (b"webhook-timestamp", b"%d" % int(moment.timestamp())),
        (b"webhook-signature", signature.encode()),
    )


def receipt(answer: Answer, took: float) -> Receipt:
    """What an answer means: 2xx is success, 410 the end, 429 and 503 may ask to be left alone; all else has failed."""
    text = answer.body.decode("utf-8", "replace")
    if answer.denied:
        return Receipt(Verdict.DENIED, error=answer.error, took=took)
    status = answer.status
    if status is None:
        return Receipt(Verdict.FAILED, answer=text, error=answer.error, took=took)
    if 200 <= status < 300:
        return Receipt(Verdict.RECEIVED, status, text, took=took)
    verdict = Verdict.GONE if status == _GONE else Verdict.FAILED
    wait = round((answer.retry_after or 0) * 1_000) if status in _BUSY else 0
    return Receipt(verdict, status, text, None, wait, took)
