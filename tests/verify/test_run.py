"""Runs of `contracts verify` in pieces: what is selected, what is allowed, what is expected, what they say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.contract import Contract
from contracts.findings import Finding, Judged, Outcome, Provenance, Rule, Verdict
from contracts.provider import NotAllowed, Safety
from contracts.report.progress import Silent
from contracts.rules import rules
from contracts.verify import baseline
from contracts.verify.command import verify
from contracts.verify.phases import rules as all_rules
from contracts.verify.run import Options
from contracts.verify.run import verify as judge
from contracts.verify.selection import Selection, SelectionError
from providers.catalogue import CATALOGUE
from providers.provider import serving

CONTRACT = Contract.load()
RULE = Rule("slots/x", "slots", "It holds.", Provenance.INFERRED, "/paths")
OTHER = Rule("credits/y", "credits", "It holds, too.", Provenance.INFERRED, "/paths")


@pytest.fixture
def pristine() -> Iterator[str]:
    with serving() as url:
        yield url


def run(url: str, *only: str, **more: object) -> Verdict:
    return judge(Options(url=url, selection=Selection(only), **more), Silent())  # type: ignore[arg-type]


def test_rules_are_listed_once_and_point_into_the_contract() -> None:
    """Each has an id of its group's form, and a place that exists."""
    from contracts.contract.document import Document

    found = all_rules(CONTRACT)
    assert len({rule.id for rule in found}) == len(found)
    document = Document(CONTRACT.document)
    for rule in found:
        assert rule.sentence.endswith((".", "?", ")")) or rule.group == "documented"
        document.at(rule.pointer)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_rules_command_names_every_rule(form: str) -> None:
    """In each of its formats."""
    said = CliRunner().invoke(rules, ["--format", form], standalone_mode=False).output
    assert all(rule.id in said for rule in all_rules(CONTRACT))


def test_selection_is_by_id_group_and_pattern() -> None:
    """--skip goes before --only; a word for nothing is an error."""
    assert Selection(("slots",)).wants(RULE)
    assert Selection(("slots/*",)).wants(RULE)
    assert not Selection(("slots/x",)).wants(OTHER)
    assert not Selection((), ("slots",)).wants(RULE)
    with pytest.raises(SelectionError, match="nonsense"):
        Selection(("nonsense",)).check([RULE])


def test_baseline_takes_out_what_was_expected_and_fails_what_no_longer_fails(tmp_path: Path) -> None:
    """A rule that was not exercised is neither."""
    found = Finding(RULE, "upscaleVideo", "a", "b")
    verdict = Verdict("x", [Judged(RULE, 1, [found]), Judged(OTHER, 0)])
    file = tmp_path / "baseline"
    file.write_text(f"# known\n{found.key}\n\nslots/x listVideos\ncredits/y upscaleVideo\n", encoding="utf-8")
    applied = baseline.applied(verdict, baseline.read(file))
    assert [each.key for each in applied.findings] == ["baseline/stale slots/x listVideos"]
    assert [each.key for each in baseline.applied(verdict, [found.key]).findings] == []


def test_reads_only_lets_nothing_be_changed() -> None:
    """Credits are counted down before each paid call, which is announced."""
    said: list[str] = []
    upscale, read, delete = (CONTRACT.operations[name] for name in ("upscaleVideo", "getUser", "deleteVideo"))
    safe = Safety(reads_only=True)
    safe.allow(read, disposable=False, owned=False, paid=True)
    safe.allow(upscale, disposable=True, owned=False, paid=True)
    with pytest.raises(NotAllowed):
        safe.allow(upscale, disposable=False, owned=False, paid=True)
    with pytest.raises(NotAllowed):
        Safety(strict=True).allow(upscale, disposable=True, owned=False, paid=True)
    paying = Safety(credits=30, announce=said.append)
    paying.allow(upscale, disposable=False, owned=False, paid=True)
    with pytest.raises(NotAllowed, match="10 are left"):
        paying.allow(upscale, disposable=False, owned=False, paid=True)
    with pytest.raises(NotAllowed, match="change"):
        paying.allow(CONTRACT.operations["updateUser"], disposable=False, owned=False, paid=True)
    with pytest.raises(NotAllowed, match="destroy"):
        paying.allow(delete, disposable=False, owned=False, paid=True)
    assert len(said) == 1


def test_mock_as_it_is_answers_as_documented(pristine: str) -> None:
    """Every documented answer is met, and none is wrong."""
    verdict = run(pristine, "documented", "tokens")
    assert [each.key for each in verdict.findings] == []
    assert {each.rule.id for each in verdict.judged if each.outcome is not Outcome.PASSED} == set()


@pytest.mark.parametrize(
    ("flaw", "rule"),
    [
        ("busy-text", "documented/upscaleVideo/429/account-busy"),
        ("any-scheme", "tokens/required"),
        ("form-before-token", "tokens/checked-first"),
    ],
)
def test_flaw_of_an_answer_is_found(flaw: str, rule: str) -> None:
    """With the rule that it breaks, a story, and lines that show it again."""
    with serving(CATALOGUE[flaw]) as url:
        verdict = run(url, rule)
    found = verdict.findings[0]
    assert found.rule.id == rule
    assert found.story
    assert "curl" in found.curl


def test_same_seed_gives_the_same_findings() -> None:
    """The stories, too, but for real time."""
    with serving(CATALOGUE["requests-limit-ignored"]) as url:
        first, second = (run(url, "slots", fail_fast=True) for _ in range(2))
    assert [(each.key, each.got, len(each.story)) for each in first.findings] == [
        (each.key, each.got, len(each.story)) for each in second.findings
    ]
    assert first.calls == second.calls
    assert first.findings


def test_story_of_behaviour_is_short() -> None:
    """A limit that is ignored takes two upscales to show; what does not belong to it is left out."""
    with serving(CATALOGUE["requests-limit-ignored"]) as url:
        found = run(url, "slots/request-max-jobs", fail_fast=True).findings[0]
    assert sum(getattr(event, "operation", "") == "upscaleVideo" for event in found.story) == 2
    assert "/__mock/reset" in found.curl


def test_only_what_is_wanted_is_judged(pristine: str) -> None:
    """The verdict has no other rules, and phases without any don't run."""
    verdict = run(pristine, "isolation/unreached")
    assert [each.rule.id for each in verdict.judged] == ["isolation/unreached"]
    assert verdict.calls < 1_000  # behaviour alone takes thousands


def test_exit_status_tells_what_became_of_it(pristine: str) -> None:
    """0 where all is well, 1 for findings, 2 and one line where nothing could be judged."""
    runner = CliRunner()
    assert runner.invoke(verify, [pristine, "--only", "tokens"], standalone_mode=False).return_value == 0
    with serving(CATALOGUE["any-scheme"]) as url:
        assert runner.invoke(verify, [url, "--only", "tokens"], standalone_mode=False).return_value == 1
    for url in ("http://127.0.0.1:1", "nowhere", "http://127.0.0.1/path"):
        told = runner.invoke(verify, [url])
        assert told.exit_code != 0
        assert "Traceback" not in told.output


def test_something_else_is_not_taken_for_the_api() -> None:
    """An address that answers as something else gets one clear finding, and no more calls than it takes."""
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        verdict = run(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
    assert "api/recognised" in {each.rule.id for each in verdict.findings}
    assert verdict.calls < 10
