"""The API token: sent with every call, in its header, and to nobody else."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from contracts.findings import Provenance
from contracts.grade.rubric.check import MONEY, UPSCALE, Broken, Check, Held, Outcome, rule, told
from contracts.grade.watched import Watched

_SCHEME: Final = "/components/securitySchemes"


def _sent(run: Watched) -> Iterator[Outcome]:
    if run.calls:
        yield Held(len(run.calls))
    for each in run.outside:
        exchange = each.exchange
        if not exchange.operation:
            continue
        sent = exchange.header("authorization")
        got = f"{told(each)} without Authorization" if sent is None else f"{told(each)} with Authorization: {sent}"
        yield Broken("Authorization: Bearer and the token, as it was given", got, (each,), 0, exchange.operation)


def _not_in_url(run: Watched) -> Iterator[Outcome]:
    for each in [*run.all_calls, *run.downloads]:
        places = [place for place in ("path", "query") if f"{place}:token" in each.exchange.masked]
        if places:
            got = f"{told(each)} with the token in the {' and the '.join(places)}"
            yield Broken("the token in the Authorization header only", got, (each,), 0, each.operation)
        else:
            yield Held()


def _kept(run: Watched) -> Iterator[Outcome]:
    for each in run.downloads:
        carried = [place for place in each.exchange.masked if place.endswith(":token")]
        if carried:
            host = urlsplit(each.exchange.origin).netloc or "the host of the file"
            got = f"{told(each)} at {host} carries the token ({', '.join(sorted(carried))})"
            yield Broken("a download without the token: files lie on another host", got, (each,), 0)
        else:
            yield Held()
    for each in run.calls:
        if each.exchange.body is None:
            continue
        if "body:token" in each.exchange.masked:
            got = f"the body of {told(each)} holds the token"
            yield Broken("no token in replyUrl, replyRef or any field", got, (each,), 0, each.operation)
        else:
            yield Held()
    for host in run.strangers:
        yield Broken("the token for api.useapi.net alone", f"the token went to {host}")


CHECKS: Final = (
    Check(
        rule(
            "token/sent",
            "Every call carries the API token.",
            why="Without it every call is answered 401.",
            instead="Send `Authorization: Bearer` with the whole token, unchanged, with every call.",
            pointer=f"{UPSCALE}/responses/401",
        ),
        _sent,
    ),
    Check(
        rule(
            "token/not-in-url",
            "The token stands in no URL.",
            why="URLs end up in logs and histories, and whoever reads the token can spend the credits.",
            instead="Send it in the Authorization header.",
            pointer=_SCHEME,
        ),
        _not_in_url,
        MONEY,
    ),
    Check(
        rule(
            "token/kept",
            "The token goes to the API alone.",
            why="Whoever gets the token can spend the credits; the files of videos and the receivers of callbacks are "
            "on other hosts.",
            instead="Send the header with calls of the API only, not by default with every request of a session.",
            pointer=_SCHEME,
            provenance=Provenance.INFERRED,
        ),
        _kept,
        MONEY,
    ),
)
