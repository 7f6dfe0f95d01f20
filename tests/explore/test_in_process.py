"""The search on functions, against a mock in this process: what is found, and that good ones have nothing found."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from contracts.explore.atoms import Atom, Atoms, compose
from contracts.explore.exploring import Unwatched
from contracts.explore.in_process import _Runner, explore
from contracts.explore.observed import CannotExplore, Observed
from contracts.findings import Finding
from contracts.grade.journal import Journal
from contracts.grade.judging import judge
from contracts.verify.selection import Selection, SelectionError
from explore import functions
from mockserver.handle.in_process import MakePixverseMock

LOST = Atom("submit", ("lost-reply", 0, 1))


class Noting(Unwatched):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.runs: list[Atoms] = []
        self.rules: list[str] = []

    def tried(self, atoms: Atoms) -> None:
        self.runs.append(atoms)

    def finding(self, finding: Finding) -> None:
        self.rules.append(finding.rule.id)


def test_double_submit_of_a_naive_client_is_found(make_pixverse_mock: MakePixverseMock) -> None:
    """The lost answer alone does it."""
    found = explore(functions.submits_again, make_pixverse_mock)
    assert found is not None
    assert found.rule.id == "submit/once"
    assert found.atoms == (LOST,)
    assert "20 credits were paid twice" in found.finding.got


def test_double_submit_that_needs_two_things_is_found(make_pixverse_mock: MakePixverseMock) -> None:
    """A client that looks first, and trusts a look that failed."""
    found = explore(functions.submits_again_if_the_list_fails, make_pixverse_mock)
    assert found is not None
    assert found.rule.id == "submit/once"
    assert found.atoms == (LOST, Atom("read", ("listVideos", "connection-reset", 1, 1)))


def test_lost_final_state_of_a_client_that_ignores_order_is_found(make_pixverse_mock: MakePixverseMock) -> None:
    """It believes the callback that came last."""
    found = explore(functions.believes_the_last, make_pixverse_mock)
    assert found is not None
    assert found.rule.id == "callbacks/late-progress"
    assert found.atoms == (Atom("swapped"),)


def test_coroutine_functions_are_clients_too(make_pixverse_mock: MakePixverseMock) -> None:
    """Here one that gives up with the first trouble."""
    found = explore(functions.asynchronous, make_pixverse_mock)
    assert found is not None
    assert found.rule.id == "trouble/retried"


@pytest.mark.parametrize("name", ["careful", "listens_well"])
def test_good_clients_have_nothing_found(name: str, make_pixverse_mock: MakePixverseMock) -> None:
    """However many scenarios they are put through, and in little time."""
    watch, began = Noting(), time.perf_counter()
    assert explore(getattr(functions, name), make_pixverse_mock, runs=250, watch=watch) is None
    assert len(watch.runs) > 200
    assert watch.rules == []
    assert time.perf_counter() - began < 60


def test_reference_client_has_nothing_found(make_pixverse_mock: MakePixverseMock) -> None:
    """Nor has ours."""
    assert explore(functions.reference, make_pixverse_mock, runs=150) is None


def test_file_plays_it_again(make_pixverse_mock: MakePixverseMock, tmp_path: Path) -> None:
    """In a mock of its own, by the scenario alone."""
    file = tmp_path / "found.yaml"
    found = explore(functions.submits_again_if_the_list_fails, make_pixverse_mock, out=file)
    assert found is not None
    assert f"@pytest.mark.pixverse(scenario={str(file)!r})" in file.read_text(encoding="utf-8")
    mock = make_pixverse_mock(scenario=file, sleep=True)
    functions.submits_again_if_the_list_fails(mock)
    verdict = judge([Journal.of(mock.journal)], subject="again")
    assert [finding.rule.id for finding in verdict.errors] == [found.rule.id]


def test_same_seed_finds_the_same(make_pixverse_mock: MakePixverseMock) -> None:
    """Run for run."""
    first, second = Noting(), Noting()
    one = explore(functions.submits_again_if_the_list_fails, make_pixverse_mock, seed=3, watch=first)
    other = explore(functions.submits_again_if_the_list_fails, make_pixverse_mock, seed=3, watch=second)
    assert one is not None
    assert other is not None
    assert one.atoms == other.atoms
    assert first.runs == second.runs


def test_last_run_in_the_mock_is_the_one_that_shows_it(make_pixverse_mock: MakePixverseMock) -> None:
    """So the story under a test that fails is that of what was found."""
    made: list[Any] = []

    def make(**options: Any) -> Any:
        made.append(make_pixverse_mock(**options))
        return made[-1]

    found = explore(functions.submits_again, make)
    assert found is not None
    assert len(made) == 1
    assert made[0].scenario.get() == found.scenario


def test_only_the_rules_asked_for_are_looked_for(make_pixverse_mock: MakePixverseMock) -> None:
    """What else is broken is passed over."""
    found = explore(functions.asynchronous, make_pixverse_mock, only=["busy/*"])
    assert found is not None
    assert found.rule.id == "busy/retried"


def test_rule_that_there_is_not_is_refused(make_pixverse_mock: MakePixverseMock) -> None:
    """Before anything runs."""
    with pytest.raises(SelectionError, match="'busy/wait-a-bit'"):
        explore(functions.careful, make_pixverse_mock, only=["busy/wait-a-bit"])


def test_what_is_broken_where_nothing_goes_wrong_is_told_and_not_looked_for(
    make_pixverse_mock: MakePixverseMock,
) -> None:
    """A client that polls too often, always; and submits again."""

    def hasty(mock: Any) -> None:
        api = functions.Api(mock)
        api.read("")
        job = api.submit().json()["video_id"]
        for _ in range(3):
            api.read(f"/{job}")
        api.follow(job)

    watch = Noting()
    assert explore(hasty, make_pixverse_mock, runs=10, watch=watch, only=["polling/pace"]) is None
    assert watch.rules == ["polling/pace"]


def test_client_that_does_nothing_can_not_be_explored(make_pixverse_mock: MakePixverseMock) -> None:
    """Why is told by what it raised."""

    def wrong(mock: Any) -> None:
        raise KeyError("no such thing")

    with pytest.raises(CannotExplore, match="asks for no upscale") as caught:
        explore(wrong, make_pixverse_mock)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("end", "rules"),
    [(SystemExit(3), ["process/status"]), (SystemExit("no"), ["process/status"]), (SystemExit(0), []), (None, [])],
)
def test_exit_of_a_client_is_its_status(
    end: SystemExit | None, rules: list[str], make_pixverse_mock: MakePixverseMock
) -> None:
    """One that fails though all went well does not tell the truth."""

    def client(mock: Any) -> None:
        functions.careful(mock)
        if end is not None:
            raise end

    watch = Noting()
    explore(client, make_pixverse_mock, runs=1, watch=watch, only=["process/status"])
    assert watch.rules == rules


def test_client_that_never_ends_is_stopped(make_pixverse_mock: MakePixverseMock) -> None:
    """It waits for ever once the end is lost; real time is what it is stopped by."""

    def patient(mock: Any) -> None:
        state: dict[str, Any] = {}
        mock.register_app("client.test", _receiver(state.update))
        functions.Api(mock).submit(replyUrl="http://client.test/told")
        while state.get("video_status_name") not in functions.ENDS:
            time.sleep(60)

    handler = signal.getsignal(signal.SIGALRM)
    found = explore(patient, make_pixverse_mock, patience=0.5, only=["callbacks/late-progress"])
    assert found is not None
    assert found.atoms == (Atom("swapped"),)
    assert "waited on until it was stopped" in found.finding.got
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def attempt(client: Callable[[Any], object], make_mock: Any, *atoms: Atom, patience: float = 5) -> list[str]:
    """The rules that a client breaks where this happens, after a good day."""
    runner = _Runner(client, make_mock, Observed("the client", Selection()), patience)
    assert runner.attempt(compose([])) == []
    return [finding.rule.id for finding in runner.attempt(compose(atoms))]


def test_form_of_answers_is_blamed_where_nothing_else_goes_wrong(make_pixverse_mock: MakePixverseMock) -> None:
    """Not for what other trouble does."""
    odd = Atom("extra_fields")
    assert attempt(functions.listens_well, make_pixverse_mock, odd) == []
    assert "answers/tolerant" in attempt(_only_known_fields, make_pixverse_mock, odd)
    slow = Atom("slow", ("upscaleVideo", 1, 150))
    assert attempt(functions.listens_well, make_pixverse_mock, odd, LOST, slow) == []


def _only_known_fields(mock: Any) -> None:
    """Upscales, and fails for a field that it does not know."""
    api = functions.Api(mock)
    job = api.submit().json()
    api.follow(job.pop("video_id"))
    if job:
        raise ValueError(job)


def test_who_waits_for_callbacks_can_not_know_that_nothing_was_accepted(make_pixverse_mock: MakePixverseMock) -> None:
    """That it waits until it is stopped says nothing, then."""

    def patient(mock: Any) -> None:
        state: dict[str, Any] = {}
        mock.register_app("client.test", _receiver(state.update))
        with suppress(requests.ConnectionError):
            functions.Api(mock).submit(replyUrl="http://client.test/told")
        while state.get("video_status_name") not in functions.ENDS:
            time.sleep(60)

    refused = Atom("submit", ("connection-reset", 1, 1))
    assert attempt(patient, make_pixverse_mock, LOST) == []
    assert attempt(patient, make_pixverse_mock, refused, patience=0.5) == []


def test_thread_that_is_not_the_main_one_can_explore(make_pixverse_mock: MakePixverseMock) -> None:
    """Without a limit to the time of a run."""
    found: list[Any] = []
    thread = Thread(target=lambda: found.append(explore(functions.submits_again, make_pixverse_mock)))
    thread.start()
    thread.join(20)
    assert found[0].atoms == (LOST,)


def _receiver(hear: Callable[[dict[str, Any]], None]) -> Callable[..., Iterator[bytes]]:
    def receive(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        hear(json.loads(environ["wsgi.input"].read()))
        start_response("200 OK", [("Content-Length", "0")])
        return iter(())

    return receive
