"""Which call suffers which fault, against a second account of the plan; and what becomes of its rules."""

from collections import Counter
from collections.abc import Iterator
from math import exp
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults.sandbox import ROOMY, Faulty
from faults.shadow import CODES, Made, Shadow
from mockserver.api import Api
from mockserver.faults import Plan, Rule, reading
from mockserver.faults.actions import Delayed, OnWire, Stage
from mockserver.journal import Exchange, Fault
from mockserver.message import Suffering, Wire
from mockserver.settings import Settings

KNOWN, UNKNOWN = 11_223_344, 99
OPERATIONS = ("upscaleVideo", "getVideo", "listVideos")
WIRES = {
    "connection-reset": Suffering.RESET,
    "truncated-body": Suffering.TRUNCATED,
    "lost-reply": Suffering.RESET,
}
LATE = 2


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """A mock with a clock that stands; our own bugs are raised."""
    api = Api(Settings(strict=True, clock="manual", changes=ROOMY))
    yield api
    api.close()


@pytest.fixture
def faulty(api: Api) -> Faulty:
    return Faulty(api)


def rules(operations: tuple[str, ...] = OPERATIONS) -> st.SearchStrategy[dict[str, Any]]:
    """Rules that can be read."""
    actions = st.sampled_from(
        [
            {"fault": "bad-gateway"},
            {"fault": "connection-reset"},
            {"fault": "connection-reset", "handled": True},
            {"fault": "truncated-body"},
            {"fault": "lost-reply"},
            {"fault": "unauthorized"},
            {"fault": "account-busy"},
            {"fault": "latency", "seconds": LATE},
        ]
    )
    number = st.integers(1, 4)
    matches = st.fixed_dictionaries(
        {},
        optional={
            "operation": st.sampled_from(operations),
            "call": number | st.lists(number, min_size=1, max_size=3, unique=True),
            "video": st.sampled_from([KNOWN, UNKNOWN]),
            "share": st.sampled_from([0, 1]),
        },
    )
    often = st.just({}) | st.fixed_dictionaries({"times": st.integers(1, 3)}) | st.just({"sticky": True})
    joined = st.builds(
        lambda *parts: {key: value for part in parts for key, value in part.items()},
        *[
            actions,
            matches,
            often,
        ],
    )
    return joined.filter(
        lambda rule: rule["fault"] != "account-busy" or rule.get("operation") in (None, "upscaleVideo")
    )


CALLS = st.sampled_from(
    [
        Made("upscaleVideo", KNOWN, valid=True, succeeds=True),
        Made("upscaleVideo", UNKNOWN, valid=True, succeeds=False),
        Made("upscaleVideo", None, valid=False, succeeds=False),
        Made("getVideo", KNOWN, valid=True, succeeds=True),
        Made("getVideo", UNKNOWN, valid=True, succeeds=False),
        Made("getVideo", None, valid=False, succeeds=False),
        Made("listVideos", None, valid=True, succeeds=True),
        Made("listVideos", None, valid=False, succeeds=False),
    ]
)


def make(faulty: Faulty, call: Made) -> Exchange:
    """Make a call that is like this."""
    match call.operation:
        case "upscaleVideo":
            return faulty.upscale(call.video) if call.valid else faulty.call("POST", "/v2/pixverse/videos/upscale")
        case "getVideo":
            return faulty.look(call.video) if call.valid else faulty.call("GET", "/v2/pixverse/videos/nonsense")
        case _:
            return faulty.list() if call.valid else faulty.list("limit=nonsense")


def regular(call: Made) -> int:
    """The status of the answer to a call that suffers nothing."""
    if call.succeeds:
        return 200
    return 404 if call.valid and call.operation == "getVideo" else 400


@settings(max_examples=2 * settings.default.max_examples)
@given(plan=st.lists(rules(), max_size=6), calls=st.lists(CALLS, max_size=12))
def test_plan_does_what_its_description_says(api: Api, plan: list[dict[str, Any]], calls: list[Made]) -> None:
    """Which rules act in which call, what comes of it, and what is told of each rule, whatever plan and calls."""
    faulty, shadow = Faulty(api), Shadow(plan)
    standing = faulty.plan(*plan)
    for call in calls:
        before, accepted = faulty.now, faulty.sandbox.accepted
        acting = shadow.next(call)
        exchange = make(faulty, call)
        assert [fault.rule for fault in exchange.faults] == acting
        faults = [plan[place] for place in acting if plan[place]["fault"] != "latency"]
        fault = faults[0] if faults else {"fault": "none"}
        name = fault["fault"]
        instead = name in CODES or (name == "connection-reset" and "handled" not in fault)
        response = exchange.response
        assert response.status == (CODES.get(name, 0) if instead else regular(call))
        assert (None if response.wire is None else response.wire.suffers) == WIRES.get(name)
        assert faulty.sandbox.accepted - accepted == (
            call.operation == "upscaleVideo" and call.succeeds and not instead
        )
        late = any(plan[place]["fault"] == "latency" for place in acting)
        assert (exchange.latency, faulty.now - before) == (LATE * 1_000 * late,) * 2
        for place, each in enumerate(standing.standings):
            assert (each.place, each.matched, each.met) == (place, shadow.matched(place), shadow.met(place))
            assert each.left == shadow.left(place)
        assert standing.exhausted == all(shadow.left(place) == 0 for place in range(len(plan)))
    assert standing.calls == {
        name: count for name in OPERATIONS if (count := sum(call.operation == name for call in calls))
    }


@given(calls=st.lists(CALLS, max_size=12))
def test_empty_plan_changes_nothing(api: Api, calls: list[Made]) -> None:
    """Every call is answered as without one, and counted."""
    faulty = Faulty(api)
    plan = faulty.plan()
    assert [make(faulty, call).response.status for call in calls] == [regular(call) for call in calls]
    assert (plan.exhausted, sum(plan.calls.values())) == (True, len(calls))


def test_first_two_upscales_then_the_third(faulty: Faulty) -> None:
    """The example of the documents: what is asked for first happens first, then the next rule has its turn."""
    faulty.plan({"fault": "account-busy", "times": 2}, {"operation": "upscaleVideo", "call": 3, "fault": "lost-reply"})
    told = []
    for _ in range(4):
        faulty.look()
        exchange = faulty.upscale()
        told.append((exchange.response.status, exchange.response.wire is not None, faulty.sandbox.accepted))
    assert told == [(429, False, 0), (429, False, 0), (200, True, 1), (200, False, 2)]


def test_rule_that_is_used_up_lets_the_next_one_act(faulty: Faulty) -> None:
    """Each of them once, in their order, whatever they are."""
    faulty.plan({"fault": "bad-gateway"}, {"fault": "account-busy"}, {"fault": "service-unavailable"})
    assert [faulty.upscale().response.status for _ in range(4)] == [502, 429, 503, 200]


def test_documented_answer_waits_for_a_request_that_fits(faulty: Faulty) -> None:
    """A client that sends nonsense hears so, and the answer stays for a better request."""
    (standing,) = faulty.plan({"fault": "account-busy"}).standings
    assert faulty.upscale(more=', "nonsense": 1, "replyUrl": 5').response.status == 400
    assert (standing.matched, standing.met, standing.left) == (0, 0, 1)
    assert faulty.upscale().response.status == 429
    assert (standing.matched, standing.met, standing.left) == (1, 1, 0)


def test_lost_reply_waits_for_a_request_that_succeeds(faulty: Faulty) -> None:
    """A refused one is answered, and nothing is used up; nor is the turn of a rule behind it."""
    lost, reset = faulty.plan({"fault": "lost-reply"}, {"fault": "connection-reset"}).standings
    assert faulty.upscale(UNKNOWN).response.status == 400
    assert (lost.matched, lost.met, lost.left, reset.matched) == (1, 0, 1, 0)
    assert faulty.upscale().response.wire == Wire(Suffering.RESET)
    assert (lost.met, lost.left, reset.met, faulty.sandbox.accepted) == (1, 0, 0, 1)


def test_a_call_counts_valid_or_not(faulty: Faulty) -> None:
    """Also one that another rule answers, that is refused, or that prefers its answer; each operation has its own."""
    plan = faulty.plan(
        {"operation": "upscaleVideo", "call": 1, "fault": "bad-gateway"},
        {"operation": "upscaleVideo", "call": 5, "fault": "service-unavailable"},
    )
    body = f'{{"video_id": "{faulty.video_id()}"}}'.encode()
    prefer = [(b"prefer", b"code=429")]
    statuses = [
        faulty.upscale().response.status,
        faulty.upscale(more=', "replyUrl": 5').response.status,
        faulty.upscale(UNKNOWN).response.status,
        faulty.call("POST", "/v2/pixverse/videos/upscale", body, headers=prefer).response.status,
        faulty.list().response.status,
        faulty.upscale().response.status,
    ]
    assert statuses == [502, 400, 400, 429, 200, 503]
    assert plan.calls == {"upscaleVideo": 5, "listVideos": 1}


def test_call_that_prefers_its_answer_uses_no_rule_up(faulty: Faulty) -> None:
    """It gets what it prefers; the fault is for the next call."""
    (standing,) = faulty.plan({"fault": "bad-gateway"}).standings
    body = f'{{"video_id": "{faulty.video_id()}"}}'.encode()
    answer = faulty.call("POST", "/v2/pixverse/videos/upscale", body, headers=[(b"prefer", b"code=412")])
    assert (answer.response.status, standing.met, standing.left) == (412, 0, 1)
    assert faulty.upscale().response.status == 502


def test_latency_composes_with_another_fault(faulty: Faulty) -> None:
    """Both act in one call, wherever they stand; of two latencies the first one."""
    late = {"fault": "latency", "sticky": True}
    faulty.plan({**late, "seconds": 3}, {**late, "seconds": 5}, {"fault": "truncated-body"})
    begun = faulty.now
    exchange = faulty.upscale()
    assert [(fault.name, fault.rule) for fault in exchange.faults] == [("truncated-body", 2), ("latency", 0)]
    assert (exchange.response.wire, exchange.latency, faulty.now - begun) == (Wire(Suffering.TRUNCATED), 3_000, 3_000)
    assert exchange.why.endswith(
        "fault truncated-body (rule /faults/2, 1 of 1); fault latency (rule /faults/0, the 1. time), 3 s"
    )


def test_rules_that_are_put_first_act_first(faulty: Faulty) -> None:
    """In their order; what was counted stays, places are counted anew."""
    plan = faulty.plan({"fault": "bad-gateway", "times": 2})
    assert faulty.upscale().response.status == 502
    plan.put_first(reading.rules([{"fault": "gateway-timeout"}, {"fault": "internal-error"}], faulty.api.catalogue))
    assert [(each.place, each.rule.name, each.met) for each in plan.standings] == [
        (0, "gateway-timeout", 0),
        (1, "internal-error", 0),
        (2, "bad-gateway", 1),
    ]
    answered = [faulty.upscale() for _ in range(4)]
    assert [exchange.response.status for exchange in answered] == [504, 500, 502, 200]
    assert [fault.rule for exchange in answered for fault in exchange.faults] == [0, 1, 2]
    assert plan.calls == {"upscaleVideo": 5}


def test_fault_explains_itself(faulty: Faulty) -> None:
    """The exchange says which rule it was, how often it has acted, and how it is known that such things happen."""
    faulty.plan({"fault": "account-busy", "times": 2}, {"fault": "bad-gateway", "sticky": True})
    exchanges = [faulty.upscale() for _ in range(4)]
    assert [exchange.why for exchange in exchanges] == [
        "fault account-busy (rule /faults/0, 1 of 2): As many jobs as maxJobs run on the video's account",
        "fault account-busy (rule /faults/0, 2 of 2): As many jobs as maxJobs run on the video's account",
        "fault bad-gateway (rule /faults/1, the 1. time): 502, the HTML page of a proxy in front of the service",
        "fault bad-gateway (rule /faults/1, the 2. time): 502, the HTML page of a proxy in front of the service",
    ]
    assert exchanges[0].faults == (Fault("account-busy", 0, "documented"),)
    assert exchanges[2].faults == (Fault("bad-gateway", 1, "vendor-code"),)


@pytest.mark.parametrize("rule", [{"fault": "account-busy"}, {"fault": "bad-gateway"}, {"status": 503, "body": ""}])
def test_header_of_a_rule_wins(faulty: Faulty, rule: dict[str, Any]) -> None:
    """Over that of the answer; no header stands twice."""
    faulty.plan({**rule, "headers": {"Content-Type": "text/plain", "Retry-After": "30"}})
    headers = faulty.upscale().response.headers
    assert sorted(headers) == [(b"content-type", b"text/plain"), (b"retry-after", b"30")]


# Chance


def rule(**given: Any) -> Rule:
    """A rule by which connections are reset."""
    fixed: dict[str, Any] = {
        "data": {},
        "name": "reset",
        "provenance": "inferred",
        "summary": "A reset",
        "stage": Stage.ARRIVAL,
        "action": OnWire(Wire(Suffering.RESET)),
    }
    return Rule(**{**fixed, **given})


def struck(plan: Plan, calls: int) -> list[bool]:
    """Of so many calls, which suffer a fault."""
    return [plan.strike("upscaleVideo", None, valid=True).fault is not None for _ in range(calls)]


@given(share=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_share_is_decided_by_the_seed(share: float, seed: int) -> None:
    """The same calls suffer in every run of it."""
    one, other = (Plan([rule(share=share, times=None)], seed) for _ in range(2))
    assert struck(one, 50) == struck(other, 50)


def test_another_seed_is_another_chance() -> None:
    """And so is another rule of the same plan: what one strikes says nothing about the next."""
    seeds = [struck(Plan([rule(share=0.5, times=None)], seed), 64) for seed in range(20)]
    assert len({tuple(each) for each in seeds}) == 20
    first = Plan([rule(share=0.5, times=None, operations=frozenset({"upscaleVideo"}))], 0)
    behind = Plan([rule(operations=frozenset()), rule(share=0.5, times=None)], 0)
    assert struck(first, 64) != struck(behind, 64)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_share_is_near_its_part(share: float, seed: int) -> None:
    """Of 10,000 calls within five standard deviations."""
    count = sum(struck(Plan([rule(share=share, times=None)], seed), 10_000))
    assert abs(count - 10_000 * share) < 5 * (10_000 * share * (1 - share)) ** 0.5


def test_share_of_certain_calls_is_of_those() -> None:
    """Chance is only asked where the rest fits, so that other calls change nothing."""
    alone, among = (Plan([rule(share=0.5, times=None, operations=frozenset({"upscaleVideo"}))], 7) for _ in range(2))
    told = []
    for _ in range(64):
        among.strike("listVideos", None, valid=True)
        told += struck(among, 1)
    assert told == struck(alone, 64)


def test_share_with_times_ends(faulty: Faulty) -> None:
    """As many as that act, then none does."""
    (standing,) = faulty.plan({"fault": "bad-gateway", "share": 0.5, "times": 3}).standings
    statuses = [faulty.list().response.status for _ in range(60)]
    assert statuses.count(502) == standing.met == 3
    assert set(statuses[-20:]) == {200}
    assert standing.matched == len(statuses) - statuses[::-1].index(502)


def test_plan_of_a_sandbox_is_by_the_seed_of_the_mock() -> None:
    """The same seed gives the same faults; a plan of its own is no part of others'."""
    told = []
    for seed in (5, 5, 6):
        api = Api(Settings(strict=True, clock="manual", seed=seed, scenario=None, changes={"faults": SHARED}))
        one, other = Faulty(api, "user:12345-one"), Faulty(api, "user:12345-other")
        told.append([each.list().response.status for each in (one, other) for _ in range(32)])
        api.close()
    assert told[0] == told[1] != told[2]
    assert told[0][:32] == told[0][32:]


SHARED = "[{fault: bad-gateway, share: 0.5}]"


# Delays


@given(seconds=st.floats(0, 1_000_000), seed=st.integers(0, 2**32))
def test_fixed_delay_is_what_it_says(seconds: float, seed: int) -> None:
    """To the millisecond, whatever chance says."""
    assert Delayed(seconds, seconds).milliseconds(Random(seed)) == round(seconds * 1_000)


@given(least=st.floats(0, 1_000_000), most=st.floats(0, 1_000_000), seed=st.integers(0, 2**32))
def test_even_delay_stays_between(least: float, most: float, seed: int) -> None:
    """Both ends among it."""
    least, most = sorted((least, most))
    assert round(least * 1_000) <= Delayed(least, most).milliseconds(Random(seed)) <= round(most * 1_000)


@given(median=st.floats(0, 1_000_000), sigma=st.floats(0, 10), seed=st.integers(0, 2**32))
def test_lognormal_delay_is_a_delay(median: float, sigma: float, seed: int) -> None:
    """Never below nothing, never beyond what a clock could go to, the same for the same chance."""
    drawn = Delayed(median, median, sigma).milliseconds(Random(seed))
    assert 0 <= drawn <= 1_000_000_000_000
    assert drawn == Delayed(median, median, sigma).milliseconds(Random(seed))


def drawn(delay: Delayed, seed: int, count: int = 20_000) -> list[float]:
    """Seconds of so many delays, the shortest first."""
    chance = Random(seed)
    return sorted(delay.milliseconds(chance) / 1_000 for _ in range(count))


@pytest.mark.parametrize("seed", range(3))
def test_even_delays_are_even(seed: int) -> None:
    """Each tenth of the range has about a tenth of them."""
    seconds = drawn(Delayed(10, 20), seed)
    tenths = Counter(min(9, int(each - 10)) for each in seconds)
    assert all(abs(tenths[tenth] - 2_000) < 5 * (20_000 * 0.09) ** 0.5 for tenth in range(10))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("median", "sigma"), [(1.0, 0.5), (30.0, 1.0), (0.2, 0.1)])
def test_lognormal_delays_have_their_median_and_spread(median: float, sigma: float, seed: int) -> None:
    """Half come within the median; the quantiles at one and two sigma are where the logarithm says."""
    seconds = drawn(Delayed(median, median, sigma), seed)
    for part, deviations in ((0.5, 0.0), (0.8413, 1.0), (0.1587, -1.0), (0.9772, 2.0)):
        expected = median * exp(sigma * deviations)
        assert seconds[int(part * len(seconds))] == pytest.approx(expected, rel=0.06 * sigma + 0.01)


def test_lognormal_without_sigma_is_fixed() -> None:
    """No spread, no chance."""
    assert set(drawn(Delayed(2, 2, 0), 0, 50)) == {2}
