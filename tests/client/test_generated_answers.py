"""Answers that Schemathesis makes from the contract's response schemas: the client reads every one of them."""

from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from client.playing import SOURCE, answer, flows, script
from client.reading import operations, resolved
from client.test_contract import GOOD
from contracts.client import ClientError
from document import document


def _content(operation: str, status: str) -> Any:
    return resolved(operations()[operation]["responses"][status])["content"]


def _answers() -> list[tuple[str, str]]:
    """Every success; of refusals one for each status and schema."""
    found = {}
    for operation, node in sorted(operations().items()):
        for status in node["responses"]:
            kind = operation if int(status) < 300 else str(_content(operation, status)["application/json"]["schema"])
            found.setdefault((status, kind), (operation, status))
    return sorted(found.values())


_ANSWERS: Final = _answers()


def _asked_for() -> dict[str, Any]:
    """A document that asks for what the contract answers: Schemathesis generates requests."""
    paths = {
        f"/{operation}/{status}": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": _content(operation, status),
                },
                "responses": {"200": {"description": "ok"}},
            }
        }
        for operation, status in _ANSWERS
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "", "version": ""},
        "paths": paths,
        "components": document()["components"],
    }


_SCHEMA: Final = schemathesis.openapi.from_dict(_asked_for())


@pytest.mark.parametrize(("operation", "status"), _ANSWERS)
def test_any_answer_of_the_contract_is_understood(operation: str, status: str) -> None:
    """A success gives a result, a refusal an error of the client; both flows that wait end so, too."""

    @settings(max_examples=20, suppress_health_check=list(HealthCheck), database=None)
    @given(_SCHEMA[f"/{operation}/{status}"]["POST"].as_strategy())
    def understood(case: Any) -> None:
        outcome = answer(int(status), case.body)
        played = script(GOOD[operation](flows()), **dict.fromkeys(operations(), outcome))
        assert (played.error is None) == (int(status) < 300)
        assert played.error is None or isinstance(played.error, ClientError)
        for flow in (flows().upscale_and_wait(SOURCE, reply_ref="x"), flows().wait(SOURCE)):
            waited = script(flow, **dict.fromkeys(operations(), outcome))
            assert waited.error is None or isinstance(waited.error, ClientError)

    understood()
