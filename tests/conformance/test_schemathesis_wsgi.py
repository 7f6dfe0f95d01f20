"""Schemathesis in process, a few requests for each operation; test_schemathesis.py has the long run.

Mocks with one flaw show that the hooks leave the checks their edge.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from mockserver import Api, Settings, create_app

# Hypothesis describes its own inputs to itself, at length.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

ROOT = Path(__file__).parents[2]

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def load(app: Application) -> Any:
    """The contract that the application serves, under the settings of the long run."""
    config = SchemathesisConfig.from_path(ROOT / "schemathesis.toml")
    return schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)


def few(examples: int) -> hypothesis.settings:
    """Always the same examples, not shrunk."""
    return hypothesis.settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        stateful_step_count=5,
        suppress_health_check=list(HealthCheck),
    )


def exercise(contract: Any, mode: GenerationMode, examples: int, only: str | None = None) -> dict[int, int]:
    """Send requests to each operation and apply all checks; returns how often each status was answered."""
    statuses: dict[int, int] = {}
    for result in contract.get_all_operations():
        operation = result.ok()
        breakable = operation.body or list(operation.iter_parameters())
        if only not in (None, operation.definition.raw["operationId"]) or (mode.is_negative and not breakable):
            continue

        @few(examples)
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            status = case.call_and_validate().status_code
            statuses[status] = statuses.get(status, 0) + 1

        send()
    return statuses


@pytest.fixture
def app() -> Iterator[Application]:
    """A mock that raises where an answer of its own breaks the contract."""
    api = Api(Settings(strict=True))
    yield create_app(api=api)
    api.close()


def test_good_requests_are_answered_as_the_contract_says(app: Application) -> None:
    statuses = exercise(load(app), GenerationMode.POSITIVE, examples=3)
    assert sum(statuses[status] for status in (200, 201)) > sum(statuses.values()) / 2


def test_bad_requests_are_refused(app: Application) -> None:
    statuses = exercise(load(app), GenerationMode.NEGATIVE, examples=4)
    assert statuses[400] > sum(statuses.values()) / 2


def test_links_lead_on(app: Application) -> None:
    load(app).as_state_machine().run(settings=few(5))


def test_ignored_token_is_found(app: Application) -> None:
    def careless(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if not environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer user:"):
            environ["HTTP_AUTHORIZATION"] = "Bearer user:12345-demo"
        return app(environ, start)

    with pytest.raises(FailureGroup, match="request without authentication"):
        exercise(load(careless), GenerationMode.POSITIVE, examples=4, only="getVideo")


def test_unchecked_body_is_found(app: Application) -> None:
    """The id of a good video must stand in a request that is wrong elsewhere; else the id hides that."""

    def careless(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        with suppress(ValueError, TypeError, KeyError):
            body = json.dumps({"video_id": json.loads(body)["video_id"]}).encode()
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return app(environ, start)

    with pytest.raises(FailureGroup, match="Schema-violating request accepted"):
        exercise(load(careless), GenerationMode.NEGATIVE, examples=40, only="upscaleVideo")
