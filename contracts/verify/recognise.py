"""Whether an address answers as this API does at all; looked at before anything else."""

from typing import Final

from contracts.findings import Call, Ledger, Provenance, Rule
from contracts.provider.http import Provider, header, value_of
from contracts.provider.world import World
from contracts.verify.evidence import finding, words
from contracts.verify.situation import Situation

RECOGNISED: Final = Rule(
    "api/recognised",
    "api",
    "The address answers as this API does: a read of it with an answer of the documented kind.",
    Provenance.INFERRED,
    "/paths",
    why="Nothing else can be said of an address that is something else.",
)
RULES: Final = (RECOGNISED,)

_ASKED: Final = ("getUser", "listAccounts", "listRunning", "listAvailable")
_EXPECTED: Final = "a documented answer in JSON to one of " + ", ".join(_ASKED)


class CannotRun(Exception):  # noqa: N818 - as click names its own
    """There is nothing to judge; the message is one line."""


def recognise(situation: Situation) -> bool:
    """Judge whether it is this API. Raises CannotRun if it is, and lets us in with no token."""
    token = situation.tokens[0] if situation.tokens else ""
    world = (
        situation.world("recognise")
        if situation.control or situation.tokens
        else World(situation.contract, situation.provider, token, safety=situation.safety)
    )
    calls = [world.call(name, token=world.token or None) for name in _ASKED]
    good = [call for call in calls if _documented(situation, call)]
    if not good:
        got = f"{calls[0].sent.method} {calls[0].sent.url}: {words(calls[0].got)}"
        situation.ledger.fails(finding(RECOGNISED, "", _EXPECTED, got, calls))
        return False
    if all(call.got.status == 401 for call in good):
        if not token and situation.control is None:
            raise CannotRun(f"{situation.provider.url} wants a token: give one with --token")
        raise CannotRun(f"{situation.provider.url} refuses the token (401)")
    situation.ledger.passes(RECOGNISED)
    return True


def unanswered(provider: Provider, ledger: Ledger) -> None:
    """Judge an address whose time was over before anything was recognised: it fails if its last answer never came."""
    calls = [event for event in provider.events if isinstance(event, Call)]
    if not calls and provider.last_control is not None:
        calls = [provider.last_control]
    if calls and not calls[-1].got.status and not ledger.judged[RECOGNISED.id].checks:
        got = f"{calls[-1].sent.method} {calls[-1].sent.url}: {words(calls[-1].got)}"
        ledger.fails(finding(RECOGNISED, "", _EXPECTED, got, calls))


def _documented(situation: Situation, call: Call) -> bool:
    answer = situation.contract.operations[call.operation].answers.get(call.got.status)
    if answer is None:
        return False
    media = answer.media.get((header(call.got, "Content-Type") or "").partition(";")[0].strip().lower())
    return media is not None and media.schema.is_valid(value_of(call.got))
