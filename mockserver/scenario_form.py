"""The form of scenarios: the JSON Schema, and what it can't say."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from mockserver.misformed import Form, Misformed
from mockserver.scenario_file import FOLDER
from mockserver.spec.document import parse_yaml

_TIMED: Final = ("late", "slow")
_ROUNDING: Final = 1e-9


def check(data: Mapping[str, Any]) -> None:
    """Raise Misformed for the first thing in a scenario that breaks the form."""
    _form().check(data)
    _check_clock(data.get("clock", {}))
    _check_accounts(data.get("accounts", ()))
    _check_jobs(data.get("jobs", {}))
    _check_callbacks(data.get("callbacks", {}))


@cache
def _form() -> Form:
    return Form(parse_yaml((FOLDER / "schema.yaml").read_bytes()))


def _check_clock(clock: Mapping[str, Any]) -> None:
    mode = clock.get("mode", "auto")
    if "step" in clock and mode != "auto":
        raise Misformed(("clock", "step"), f"means nothing for the mode {mode}, only for auto")


def _check_accounts(accounts: Sequence[Mapping[str, Any]]) -> None:
    first: dict[str, int] = {}
    for index, account in enumerate(accounts):
        email = account["email"]
        if email in first:
            raise Misformed(("accounts", index, "email"), f"must stand once, got {email} again, as in {first[email]}")
        first[email] = index
        if account.get("running") and account.get("videos") == 0:
            raise Misformed(("accounts", index, "running"), "needs a video to upscale, got none")


def _check_jobs(jobs: Mapping[str, Any]) -> None:
    shortest, longest = jobs.get("shortest", 60), jobs.get("longest", 600)
    if shortest > longest:
        raise Misformed(("jobs",), f"shortest must be at most longest, got {shortest} and {longest}")
    endings = jobs.get("endings", ())
    if isinstance(endings, Mapping) and sum(endings.values()) > 1 + _ROUNDING:
        raise Misformed(("jobs", "endings"), f"must be at most 1 together, got {sum(endings.values()):g}")


def _check_callbacks(callbacks: Mapping[str, Any]) -> None:
    disturbances = callbacks.get("disturbances", ())
    for index, disturbance in enumerate(disturbances):
        place = ("callbacks", "disturbances", index)
        kind = disturbance["kind"]
        if "seconds" in disturbance and kind not in _TIMED:
            raise Misformed((*place, "seconds"), f"means nothing for {kind}, only for {' and '.join(_TIMED)}")
        if "of" in disturbance and kind in ("swapped", "early"):
            raise Misformed((*place, "of"), f"means nothing for {kind}, which concerns two certain calls of a job")
        if callbacks.get("final_only"):
            if kind in ("swapped", "early"):
                raise Misformed((*place, "kind"), f"{kind} has no effect with final_only: there is only the final call")
            if disturbance.get("of") == "progress":
                raise Misformed((*place, "of"), "progress has no effect with final_only: there is only the final call")
        if any(_drops(other, disturbance) for other in disturbances):
            raise Misformed((*place, "kind"), f"{kind} has no effect on calls that are dropped")


def _drops(other: Mapping[str, Any], disturbance: Mapping[str, Any]) -> bool:
    """Whether another disturbance drops all calls that this one concerns."""
    if other["kind"] != "dropped" or disturbance["kind"] in ("dropped", "swapped", "early"):
        return False
    calls, jobs = other.get("of", "final"), other.get("jobs")
    if jobs is not None and not ("jobs" in disturbance and set(disturbance["jobs"]) <= set(jobs)):
        return False
    return calls in ("all", disturbance.get("of", "final"))
