"""The fault plan of a sandbox: what it is, how far it is consumed, and another in its place."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mockserver.control.call import ControlCall, Handler, Refused
from mockserver.faults.plan import Plan, Rule, Standing
from mockserver.scenario import Scenario, ScenarioError

_MOST_RULES: Final = 1_000
"""As many as a scenario may have."""


def _get(call: ControlCall) -> Any:
    with call.guarded.lock:
        return _shown(call.guarded.plan)


def _put(call: ControlCall) -> Any:
    plan = Plan(_rules(call), call.api.settings.seed)
    guarded = call.guarded
    with guarded.lock:
        guarded.plan = plan if plan.standings else None
        return _shown(guarded.plan)


def _add(call: ControlCall) -> Any:
    rules = _rules(call)
    guarded = call.guarded
    with guarded.lock:
        plan = guarded.plan or Plan((), call.api.settings.seed)
        if len(plan.standings) + len(rules) > _MOST_RULES:
            left = sum(standing.left != 0 for standing in plan.standings)
            if left + len(rules) > _MOST_RULES:
                raise Refused(400, f"a plan has at most {_MOST_RULES} rules, got {len(rules)} for {left}")
            plan.forget_exhausted()
        plan.put_first(rules)
        guarded.plan = plan if plan.standings else None
        return _shown(guarded.plan)


def _rules(call: ControlCall) -> Sequence[Rule]:
    data = {"faults": call.body["faults"]}
    try:
        return Scenario.of(data, "fault plan", call.request.body, call.api.catalogue).faults
    except ScenarioError as error:
        raise Refused(400, str(error)) from None


def _shown(plan: Plan | None) -> dict[str, Any]:
    if plan is None:
        return {"data": [], "exhausted": True, "calls": {}}
    data = [_standing(standing) for standing in plan.standings]
    return {"data": data, "exhausted": plan.exhausted, "calls": dict(plan.calls)}


def _standing(standing: Standing) -> dict[str, Any]:
    rule = standing.rule
    return {
        "name": rule.name,
        "provenance": rule.provenance,
        "stage": rule.stage.value,
        "matched": standing.matched,
        "met": standing.met,
        "left": standing.left,
        "exhausted": standing.left == 0,
        "rule": rule.data,
    }


HANDLERS: Final[Mapping[str, Handler]] = {"getFaults": _get, "putFaults": _put, "addFaults": _add}
