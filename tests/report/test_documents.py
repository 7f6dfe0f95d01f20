"""What machines read: JUnit, HAR, JSON, workflow commands. Read back by other readers than wrote them."""

import base64
import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

import contracts.report
from contracts.findings import Finding, Judged, Sent, Told, Verdict
from contracts.report import as_json, github, har, junit
from contracts.report.files import ReportError
from contracts.report.masking import masked
from report import clients, verdicts

SCHEMA = json.loads(Path(contracts.report.__file__).with_name("verdict.schema.json").read_text(encoding="utf-8"))
VERDICTS = {
    "failing": verdicts.failing(),
    "clean": verdicts.clean(),
    "cut short": verdicts.failing(cut_short="60 s were over", started=0.0),
    "empty": Verdict("http://127.0.0.1:1", []),
    "careless": clients.careless(),
    "good client": clients.good(),
    "idle": clients.idle(),
}
each_verdict = pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)


def parsed(verdict: Verdict) -> ET.Element:
    """The JUnit report, read."""
    return ET.fromstring(junit.xml(masked(verdict)).encode())


@each_verdict
def test_junit_keeps_the_form_that_services_read(verdict: Verdict) -> None:
    """Elements, attributes and their order as in the schema of Jenkins; counts that are true."""
    root = parsed(verdict)
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == {
            "name",
            "tests",
            "failures",
            "errors",
            "skipped",
            "time",
            "timestamp",
            "hostname",
            "id",
        }
        datetime.strptime(suite.attrib["timestamp"], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - the form has no zone
        cases = suite.findall("testcase")
        assert [child.tag for child in suite] in (["testcase"] * len(cases), ["properties"] + ["testcase"] * len(cases))
        assert int(suite.attrib["tests"]) == len(cases)
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert [child.tag for child in case] in ([], ["failure"], ["skipped"], ["system-out"])
    assert int(root.attrib["tests"]) == len(root.findall(".//testcase")) == len(verdict.judged)
    assert int(root.attrib["failures"]) == len(root.findall(".//failure"))


def test_junit_tells_the_story() -> None:
    """A failure has what was expected, what came, and how; a rule that was not exercised its reason."""
    root = parsed(VERDICTS["failing"])
    failure = root.find(".//testcase[@name='behaviour/slot-freed']/failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("A cancelled job frees its slot at once. Expected: 200")
    assert ">   7 POST /v2/pixverse/videos/upscale -> 429" in (failure.text or "")
    skipped = root.find(".//testcase[@name='documented/upstream-limit']/skipped")
    assert skipped is not None
    assert skipped.attrib["message"].startswith("the provider has no fault plan")


def test_junit_names_the_scenario() -> None:
    """In the message, and before the story with its times; grade and runs are properties."""
    root = parsed(VERDICTS["careless"])
    failure = root.find(".//testcase[@name='submit/once']/failure")
    assert failure is not None
    assert failure.attrib["message"].endswith("20 credits were spent twice. (in lost-reply)")
    assert (failure.text or "").startswith("submit/once (upscaleVideo) in lost-reply\n")
    assert ">   +2.50 s  POST /v2/pixverse/videos/upscale -> 200" in (failure.text or "")
    told = [(each.attrib["name"], each.attrib["value"]) for each in root.iterfind(".//property")]
    assert ("grade", "D, 58 of 100") in told
    assert ("scenario", "failed: exit status 0 after 4.3 s") in told


def test_junit_lets_a_note_pass() -> None:
    """It is printed, and fails nothing."""
    case = parsed(VERDICTS["failing"]).find(".//testcase[@name='answers/reason']")
    assert case is not None
    assert [child.tag for child in case] == ["system-out"]


@each_verdict
def test_har_is_an_archive(verdict: Verdict) -> None:
    """All that HAR 1.2 asks for is there, of its type, and nothing else."""
    log = json.loads(har.archive(masked(verdict)))["log"]
    assert log["version"] == "1.2"
    assert set(log["creator"]) >= {"name", "version"}
    assert len(log["entries"]) == sum(not hasattr(event, "seconds") for event in verdict.events)
    for entry in log["entries"]:
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        assert entry["time"] == sum(max(0, entry["timings"][name]) for name in ("send", "wait", "receive"))
        assert isinstance(entry["cache"], dict)
        for side, needed in (("request", "method url"), ("response", "status statusText content redirectURL")):
            part = entry[side]
            assert set(f"{needed} httpVersion cookies headers headersSize bodySize".split()) <= set(part)
            assert all(set(pair) == {"name", "value"} for pair in part["headers"])
        assert re.match("https?://", entry["request"]["url"])
        assert isinstance(entry["response"]["status"], int)
        assert {"size", "mimeType"} <= set(entry["response"]["content"])
        if "postData" in entry["request"]:
            assert {"mimeType", "text"} <= set(entry["request"]["postData"])


def test_har_names_the_scenario_of_each_call() -> None:
    """The runs of a client one after the other, whether the verdict keeps all events by themselves or not."""
    verdict = VERDICTS["careless"]
    archive = har.archive(masked(verdict))
    assert har.archive(masked(replace(verdict, events=()))) == archive
    entries = json.loads(archive)["log"]["entries"]
    told = [entry["comment"].partition(";")[0] for entry in entries]
    assert list(dict.fromkeys(told)) == [f"scenario {course.scenario}" for course in verdict.courses]


def test_har_has_legal_addresses() -> None:
    """What was sent raw, and may not be, is percent-encoded; the rest is as it was."""
    story = verdicts.Story().call("x", "GET", "/v2/user:1-pixverse:a@b-video:1?x=%41&y=é{[%zz#\ud800", 200)
    (entry,) = json.loads(har.archive(masked(Verdict("x", [], events=story.events))))["log"]["entries"]
    address = "/v2/user:1-pixverse:a@b-video:1?x=%41&y=%C3%A9%7B%5B%25zz%23?"
    assert entry["request"]["url"] == verdicts.BASE + address


def test_har_holds_bodies_as_they_came() -> None:
    """Text as text; what is none in base64."""
    events = verdicts.Story().upscale(429, verdicts.busy()).call("x", "GET", "/x", 200, b"\xff\x00\x01").events
    first, second = json.loads(har.archive(masked(Verdict("x", [], events=events))))["log"]["entries"]
    assert json.loads(first["response"]["content"]["text"]) == verdicts.busy()
    assert json.loads(first["request"]["postData"]["text"]) == {"video_id": verdicts.VIDEO}
    assert second["response"]["content"]["encoding"] == "base64"
    assert base64.b64decode(second["response"]["content"]["text"]) == b"\xff\x00\x01"


def test_har_has_the_stories_where_there_is_nothing_else() -> None:
    """A verdict without an archive still has the calls of its findings, each once, in time order."""
    verdict = verdicts.failing(events=())
    entries = json.loads(har.archive(masked(verdict)))["log"]["entries"]
    assert len(entries) == len(
        [1 for finding in verdict.findings for event in finding.story if not hasattr(event, "seconds")]
    )
    assert entries == sorted(entries, key=lambda entry: entry["startedDateTime"])


@each_verdict
def test_json_keeps_its_schema(verdict: Verdict) -> None:
    """The one beside the writer; which is strict when its objects are closed."""
    document = json.loads(as_json.text(masked(verdict)))
    validator = jsonschema_rs.validator_for(closed(SCHEMA))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert document["good"] is not bool(document["counts"]["failed"])
    assert sum(document["counts"].values()) == len(document["rules"])


def closed(schema: Any) -> Any:
    """The schema with no room for fields that it does not describe."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(each) for name, each in schema.items()}
    return {**inner, "additionalProperties": False} if "properties" in schema and "type" in schema else inner


def test_json_of_a_provider_knows_neither_runs_nor_a_grade() -> None:
    """The fields are there, and empty."""
    document = json.loads(as_json.text(masked(VERDICTS["failing"])))
    assert document["grade"] is None
    assert document["courses"] == []
    found = [finding for each in document["rules"] for finding in each["findings"]]
    assert {(finding["scenario"], finding["gap"]) for finding in found} == {(None, None)}


def test_json_has_the_runs_of_a_client() -> None:
    """How each ended, what became of its jobs, and where a finding was."""
    document = json.loads(as_json.text(masked(VERDICTS["careless"])))
    assert document["grade"]["letter"] == "D"
    runs = {run["scenario"]: run for run in document["courses"]}
    assert runs["lost-reply"]["ended"] == "exit status 0 after 6.8 s"
    assert [job["ended"] for job in runs["lost-reply"]["jobs"]] == ["COMPLETED", "COMPLETED"]
    assert sum(job["ours"] for job in runs["busy-then-free"]["jobs"]) == 1
    assert runs["lost-reply"]["calls"] == len(runs["lost-reply"]["events"]) == 5
    (waited,) = [
        finding
        for each in document["rules"]
        for finding in each["findings"]
        if finding["key"].startswith("busy/wait") and finding["scenario"] == "upstream-limit"
    ]
    assert waited["gap"]["label"] == "2 s, Retry-After says 15 s"
    assert waited["gap"]["end"] == waited["story"][1]["at"]


def test_json_of_thousands_of_calls_stays_small() -> None:
    """The first and the last are there, and how many are not."""
    text = as_json.text(masked(clients.flooding()))
    (run,) = json.loads(text)["courses"]
    assert run["calls"] == len(run["events"]) + run["events_left_out"] == 10_000
    assert [run["events"][0]["number"], run["events"][-1]["number"]] == [1, 10_000]
    assert len(text) < 1_000_000


def test_json_of_an_older_version_still_fits() -> None:
    """A reader with the schema of today takes a document without what was added."""
    document = json.loads(as_json.text(masked(VERDICTS["failing"])))
    del document["grade"], document["courses"]
    for each in document["rules"]:
        for finding in each["findings"]:
            del finding["scenario"], finding["gap"]
    assert jsonschema_rs.validator_for(SCHEMA).is_valid(document)


def test_json_is_the_same_for_the_same_verdict() -> None:
    """To the byte."""
    assert as_json.text(masked(verdicts.failing())) == as_json.text(masked(verdicts.failing()))


def test_workflow_commands_are_escaped() -> None:
    """No text of a provider ends its command, begins another, or leaves its title."""
    rule = verdicts.rule("a,b:c", "100%\n::error::x")
    finding = Finding(rule, "op", "\r\n::set-env name=A::b", "%0A::stop-commands::x", ())
    (command,) = github.commands(masked(verdicts.of_one(finding)))
    assert command.startswith("::error title=a%2Cb%3Ac (op)::100%25\\n::error::x Expected: ")
    assert "\n" not in command
    assert "\r" not in command
    assert "%0A" not in command.replace("%250A", "")


def test_annotations_are_few() -> None:
    """GitHub shows ten of a kind; notes are notices, an early end is a warning."""
    many = [Judged(verdicts.SLOTS, 30, [Finding(verdicts.SLOTS, str(each), "a", "b") for each in range(30)])]
    commands = github.commands(masked(Verdict("x", many, cut_short="no time")))
    assert [command.partition(" ")[0] for command in commands] == ["::error"] * 10 + ["::warning"]
    kinds = {command.partition(" ")[0] for command in github.commands(masked(verdicts.failing()))}
    assert kinds == {"::error", "::notice"}


def test_annotations_of_a_client() -> None:
    """The grade is a notice; each finding names its scenario."""
    commands = github.commands(masked(clients.careless()))
    assert "::error title=submit/once (upscaleVideo) in lost-reply::After a lost answer" in commands[0]
    assert "::notice title=grade D%2C 58 of 100::bash upscale.sh breaks 4 of the 19 rules it was tested on. It " in (
        "\n".join(commands)
    )


def test_summary_of_a_client() -> None:
    """Its grade, its runs, why it matters and what to do."""
    text = github.summary(masked(clients.careless()))
    assert text.startswith(
        "### ❌ bash upscale.sh breaks 4 of the 19 rules it was tested on: D, 58 of 100.\n\nIt spends"
    )
    assert "| busy\\-then\\-free | 17 | exit status 0 after 31 s | 2 |" in text
    assert "Instead: List the videos, or ask the scheduler" in text
    assert ">            gap: 2 s, Retry-After says 15 s" in text


def test_summary_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is added to what others wrote, and shows the verdict, the groups and the stories."""
    path = tmp_path / "summary.md"
    path.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    github.annotate(masked(verdicts.failing()))
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n### ❌ http&#58;//127.0.0.1:8596 breaks 5 of the 15 rules it was tested on.")
    assert "| behaviour | 1 | 3 | 1 |" in text
    assert ">   7 POST /v2/pixverse/videos/upscale -> 429" in text
    assert capsys.readouterr().out.count("::error title=") == 5


def test_summary_stays_text() -> None:
    """Neither markup nor a fence that closes early comes from a provider."""
    evil = "</details><script>x</script>\n```\n# big [a](http://b) | c @you"
    told = verdicts.Story().call("x", "GET", f"/{evil}", 200)
    finding = Finding(verdicts.SLOTS, evil, evil, evil, tuple(told.events), 0, "curl '```'")
    text = github.summary(masked(verdicts.of_one(finding, notes=(evil,))))
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in outside
    assert outside.count("</details>") == 1
    assert "@you" not in outside
    # In an element of HTML, up to the next empty line, nothing is Markdown.
    assert "[a](" not in re.sub("<summary>.*</summary>", "", outside)


def test_summary_that_can_not_be_written_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for any report."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/nowhere/summary.md")
    with pytest.raises(
        ReportError, match=r"^the summary of the job can't be written to '/nowhere/summary.md': No such"
    ):
        github.annotate(masked(verdicts.clean()))


def test_commands_of_a_provider_are_not_obeyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While we print what it said, GitHub listens to nothing, by a word that it can't know."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with github.quiet():
        print("::error::x")
    first, said, last = capsys.readouterr().out.splitlines()
    assert said == "::error::x"
    assert first == f"::stop-commands::{last.strip(':')}"
    assert len(last) > 30


def test_callback_in_an_archive_says_so() -> None:
    """It is the provider's request."""
    told = Told(Sent("POST", "http://127.0.0.1:9/x", (), b"{}"), 200, 5.0, "2025-01-01T00:00:00.000Z")
    (entry,) = json.loads(har.archive(masked(Verdict("x", [], events=[told]))))["log"]["entries"]
    assert entry["comment"] == "callback; the provider's clock: 2025-01-01T00:00:00.000Z"
    assert entry["response"]["status"] == 200
