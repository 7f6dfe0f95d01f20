"""A contract that lacks what the mock may have to answer stops the start, with one line."""

import re
from pathlib import Path
from typing import Any

import pytest

from api.changed import Change, contract, upscale
from api.mock import SCHEDULER, USER, VIDEOS
from mockserver.api import Api
from mockserver.settings import Settings
from mockserver.spec import ContractError


def examples(data: Any, status: str) -> Any:
    return upscale(data)["responses"][status]["content"]["application/json"]["examples"]


def refused(data: Any) -> Any:
    """An inline 401 in place of the shared one, to be changed."""
    content: dict[str, Any] = {"application/json": {"schema": {}, "examples": {}}}
    upscale(data)["responses"]["401"] = {"description": "No", "content": content}
    return content


def numbers(data: Any) -> Any:
    return upscale(data)["x-triggers"]["numbers"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["paths"].pop(SCHEDULER), "operations and handlers differ: listRunning"),
        (lambda d: upscale(d).update(operationId="enlarge"), "operations and handlers differ: enlarge, upscaleVideo"),
        (lambda d: upscale(d).update(security=[]), "upscaleVideo: an operation without security is not honoured here"),
        (refused, "upscaleVideo: response 401 lacks the example 'unauthorized'"),
        (lambda d: examples(d, "400").pop("bad-request"), "upscaleVideo: response 400 lacks the example 'bad-request'"),
        (lambda d: examples(d, "412").clear(), "no operation has the example 'insufficient-credits'"),
        (
            lambda d: d["x-unmatched"]["examples"].pop("malformed-request"),
            "x-unmatched lacks the example 'malformed-request'",
        ),
        (lambda d: d.pop("x-unmatched"), "x-unmatched lacks the example 'malformed-request'"),
        (lambda d: numbers(d).update({"9": {"ends": "LOST"}}), "upscaleVideo: trigger 9 ends in no status: 'LOST'"),
        (lambda d: upscale(d).pop("x-credits"), "upscaleVideo: x-credits must name a whole cost"),
        (lambda d: upscale(d)["x-credits"].update(cost="x"), "upscaleVideo: x-credits must name a whole cost"),
        (
            lambda d: upscale(d)["x-credits"].update(cost=-1),
            "upscaleVideo: x-credits: cost must not be negative, got -1",
        ),
    ],
)
def test_what_is_missing_stops_the_start(change: Change, said: str, tmp_path: Path) -> None:
    """The line names what is missing, and where."""

    def without_triggers(data: Any) -> None:
        # Of numbers that name an example that is gone; that is another test.
        numbers(data).clear()
        change(data)

    with pytest.raises(ContractError, match=re.escape(said)) as caught:
        Api(Settings(contract=contract(tmp_path, without_triggers)))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("path", [USER, VIDEOS])
def test_operation_that_takes_nothing_needs_no_bad_request(path: str, tmp_path: Path) -> None:
    """One that takes something does."""

    def change(data: Any) -> None:
        data["paths"][path]["get"]["responses"].pop("400", None)

    if path == USER:
        assert "getUser" in Api(Settings(contract=contract(tmp_path, change))).contract.operations
    else:
        with pytest.raises(ContractError, match="listVideos: response 400 lacks the example 'bad-request'"):
            Api(Settings(contract=contract(tmp_path, change)))
