"""What the journal keeps of an exchange that something went wrong in on purpose."""

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import pytest

from api.adapters import ADAPTERS
from api.mock import EMAIL, UPSCALE, Mock
from document import document
from mockserver import Api, Settings
from mockserver.faults import Plan
from mockserver.faults.reading import rules
from mockserver.journal import Exchange, Fault
from mockserver.message import Suffering

DATA: Final[dict[str, Any]] = document()
FAULTS: Final[dict[str, Any]] = DATA["x-faults"]["faults"]


@pytest.fixture(name="shared", scope="module")
def _shared() -> Iterator[Iterator[Mock]]:
    """A mock reached through the seam, whose the journal is; each time with a token not seen before."""
    api = Api(Settings(strict=True, clock="manual"))
    with ADAPTERS["seam"](api) as send:
        yield (Mock(api, send, token=f"user:12345-test{number}") for number in count())


def struck(mock: Mock, *given: dict[str, Any], body: Any = None, **headers: str) -> Exchange:
    """What stands in the journal of an upscale under this plan."""
    guarded = mock.guarded
    guarded.plan = Plan(rules(given, mock.api.catalogue), 0)
    mock.call("POST", UPSCALE, {"video_id": mock.video_id()} if body is None else body, headers=headers)
    return list(guarded.journal)[-1]


def parameters(name: str) -> dict[str, Any]:
    return {"seconds": 1} if name in ("latency", "slow-body") else {}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_kept_with_its_provenance(name: str, mock: Mock) -> None:
    """By its name, its place in the plan, and the contract's word for how it is known; the sentence tells it, too."""
    exchange = struck(
        mock, {"fault": "account-busy", "operation": "upscaleVideo", "call": 2}, {"fault": name, **parameters(name)}
    )
    assert exchange.faults == (Fault(name, 1, FAULTS[name]["x-provenance"]),)
    assert f"fault {name} (rule /faults/1, 1 of 1)" in exchange.why


def test_fault_in_the_place_of_an_answer_is_the_whole_reason(mock: Mock) -> None:
    """Nothing else was looked at."""
    exchange = struck(mock, {"fault": "bad-gateway", "times": 2})
    assert exchange.why == f"fault bad-gateway (rule /faults/0, 1 of 2): {FAULTS['bad-gateway']['summary']}"
    assert (exchange.response.status, exchange.accepted, exchange.refusal) == (502, None, None)


def test_fault_on_an_answer_comes_behind_its_reason(mock: Mock) -> None:
    """A reader sees that the job runs, and that nobody was told."""
    exchange = struck(mock, {"fault": "lost-reply", "sticky": True})
    accepted = f"accepted: 1 running on {EMAIL}, 9980 credits left"
    assert exchange.why == f"{accepted}; fault lost-reply (rule /faults/0, the 1. time)"
    assert exchange.accepted in mock.sandbox.running
    assert exchange.response.status == 200
    assert exchange.response.wire is not None
    assert exchange.response.wire.suffers is Suffering.RESET


def test_answer_that_there_was_none_of_has_no_status(mock: Mock) -> None:
    """What the wire did stands in its place."""
    exchange = struck(mock, {"fault": "connection-reset"})
    assert (exchange.response.status, exchange.response.body) == (0, b"")
    assert exchange.response.wire is not None


def test_documented_answer_is_kept_as_it_is_known(mock: Mock) -> None:
    """The example's provenance; no refusal, since the domain said nothing."""
    exchange = struck(mock, {"fault": "account-busy"})
    example = DATA["paths"][UPSCALE]["post"]["responses"]["429"]["content"]["application/json"]["examples"][
        "account-busy"
    ]
    assert exchange.faults == (Fault("account-busy", 0, example["x-provenance"]),)
    assert exchange.why.startswith("fault account-busy (rule /faults/0, 1 of 1): ")
    assert exchange.refusal is None


def test_answer_of_the_users_own_is_inferred(mock: Mock) -> None:
    """It is called by its status."""
    assert struck(mock, {"status": 418, "body": "tea"}).faults == (Fault("418", 0, "inferred"),)


def test_delay_is_kept_besides(mock: Mock) -> None:
    """Both, in the order in which they act, and how long it took."""
    exchange = struck(mock, {"fault": "latency", "seconds": 2.5}, {"fault": "truncated-body"})
    assert [(fault.name, fault.rule) for fault in exchange.faults] == [("truncated-body", 1), ("latency", 0)]
    assert exchange.latency == 2_500
    assert exchange.why.endswith(
        "fault truncated-body (rule /faults/1, 1 of 1); fault latency (rule /faults/0, 1 of 1), 2.5 s"
    )


def test_spared_exchange_has_none(mock: Mock) -> None:
    """A rule that only matched leaves no trace."""
    exchange = struck(mock, {"fault": "lost-reply"}, body={"video_id": mock.number(5)})
    assert (exchange.faults, exchange.latency, exchange.refusal) == ((), 0, "unknown-video")
    assert "fault" not in exchange.why


def test_number_that_asks_for_an_answer_is_a_fault_of_no_rule(mock: Mock) -> None:
    """The request asked for it by itself."""
    mock.upscale(mock.number(412))
    exchange = list(mock.guarded.journal)[-1]
    assert [(fault.name, fault.rule) for fault in exchange.faults] == [("insufficient-credits", None)]


def test_preferred_answer_is_a_fault_of_no_rule(mock: Mock) -> None:
    """Likewise; the plan goes without."""
    exchange = struck(mock, {"fault": "bad-gateway"}, Prefer="code=429, example=upstream-limit")
    assert [(fault.name, fault.rule) for fault in exchange.faults] == [("upstream-limit", None)]
    assert exchange.why == "the request prefers this answer"
    plan = mock.guarded.plan
    assert plan is not None
    assert (plan.standings[0].met, plan.calls) == (0, {"upscaleVideo": 1})


def test_journal_counts_faults_by_name(mock: Mock) -> None:
    """Also those that it no longer keeps."""
    for _ in range(2):
        struck(mock, {"fault": "bad-gateway"}, {"fault": "latency", "seconds": 1})
    assert mock.guarded.journal.faults == {"bad-gateway": 2, "latency": 2}
