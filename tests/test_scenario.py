"""Scenarios: what they set, and the line that a bad one gets."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.api import Api
from mockserver.domain import AccountRules, Durations, Rules
from mockserver.scenario import Answers, Scenario, ScenarioError, names
from mockserver.settings import Settings


def load(folder: Path, text: str | bytes) -> Scenario:
    path = folder / "s.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Scenario.load(path)


def refusal(folder: Path, text: str | bytes) -> str:
    """The line that a scenario gets, without the file's name."""
    with pytest.raises(ScenarioError) as caught:
        load(folder, text)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    start = f"scenario '{folder / 's.yaml'}'"
    assert line.startswith(start)
    return line.removeprefix(start)


# What they set


def test_nothing_gives_the_default_sandbox() -> None:
    """One account of the default rules, and the default choices."""
    scenario = Scenario.load(None)
    assert scenario.rules(20) == Rules(cost=20)
    assert scenario.answers == Answers(processing=404, encoded_id=400, unknown_video=400, queued_is_final=False)


def test_every_key_is_heard(tmp_path: Path) -> None:
    """Nothing of a scenario is ignored."""
    scenario = load(
        tmp_path,
        """
        description: All of it
        accounts: [{email: a@b, credits: 5, maxJobs: 8, concurrency: 0, pendingError: true, videos: 7}]
        jobs: {shortest: 0.5, longest: 2}
        limits: {slots: false, credits: false, retention: 9}
        answers: {processing: 200, encoded_id: 200, unknown_video: 404, queued_is_final: true}
        """,
    )
    rules = scenario.rules(20)
    (account,) = rules.accounts
    assert (account.email, account.credits, account.max_jobs, account.concurrency) == ("a@b", 5, 8, 0)
    assert (account.pending_error, len(account.footage)) == (True, 7)
    assert rules.durations == Durations(shortest=500, longest=2_000)
    assert (rules.slots, rules.credits, rules.retention, rules.cost) == (False, False, 9, 20)
    assert scenario.answers == Answers(processing=200, encoded_id=200, unknown_video=404, queued_is_final=True)


def test_account_that_names_only_its_email_is_as_the_default_one(tmp_path: Path) -> None:
    """What is left out is as in the default sandbox."""
    (account,) = load(tmp_path, "accounts: [{email: a@b}]").rules(20).accounts
    assert account == AccountRules(email="a@b")


def test_sandbox_may_start_without_accounts(tmp_path: Path) -> None:
    """An empty list is not a missing one."""
    assert load(tmp_path, "accounts: []").rules(20).accounts == ()


@pytest.mark.parametrize(
    "text",
    [
        "accounts: [{email: a@b, videos: 2.0, maxJobs: 3.0, credits: 10.0, concurrency: 1.0}]",
        "limits: {retention: 5.0}",
        "answers: {processing: 200.0}",
    ],
)
def test_integral_number_is_the_integer(text: str, tmp_path: Path) -> None:
    """3.0 is an integer in JSON Schema, so it must be one for the sandbox, too."""

    def numbers(node: Any) -> list[Any]:
        if isinstance(node, dict | list):
            return [found for inner in (node.values() if isinstance(node, dict) else node) for found in numbers(inner)]
        return [] if isinstance(node, str) else [node]

    scenario = load(tmp_path, text)
    assert {type(number) for number in numbers(scenario.data)} == {int}
    guarded = Api(Settings(scenario=tmp_path / "s.yaml")).runtime.guarded(b"Bearer user:1-a")
    assert guarded.answers == scenario.answers


@pytest.mark.parametrize("name", names())
def test_ready_made_scenario_loads(name: str) -> None:
    """Each by its name."""
    assert Scenario.load(name).data["description"]


def test_unlimited_has_no_limits() -> None:
    """But a bound on what it keeps."""
    rules = Scenario.load("unlimited").rules(20)
    assert (rules.slots, rules.credits) == (False, False)
    assert rules.retention < Rules(cost=0).retention


def test_changes_set_single_keys() -> None:
    """Over a scenario or alone; values are YAML."""
    scenario = Scenario.load("unlimited", {"answers.processing": "200", "limits.slots": "true"})
    assert scenario.answers.processing == 200
    assert (scenario.rules(20).slots, scenario.rules(20).credits) == (True, False)
    assert Scenario.load(None, {"accounts": "[{email: a@b}]"}).rules(20).accounts[0].email == "a@b"


# The line that a bad one gets


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", " must be an object, got 'None'"),
        ("[]", " must be an object, got '[]'"),
        ("5", " must be an object, got '5'"),
        ("wrong: 1", ": /: Additional properties are not allowed ('wrong' was unexpected)"),
        ("answers: {wrong: 1}", ": /answers: Additional properties are not allowed ('wrong' was unexpected)"),
        ('"a\\nb": 1', ": /: Additional properties are not allowed ('a b' was unexpected)"),
        ("answers: 5", ': /answers: 5 is not of type "object"'),
        ("answers: {processing: 500}", ": /answers/processing: 500 is not one of 404 or 200"),
        ("answers: {encoded_id: yes}", ": /answers/encoded_id: true is not one of 400 or 200"),
        ("answers: {queued_is_final: 1}", ': /answers/queued_is_final: 1 is not of type "boolean"'),
        ("limits: {slots: 'yes'}", ': /limits/slots: "yes" is not of type "boolean"'),
        ("limits: {retention: 0}", ": /limits/retention: 0 is less than the minimum of 1"),
        ("jobs: {shortest: -1}", ": /jobs/shortest: -1 is less than the minimum of 0"),
        ("jobs: {longest: long}", ': /jobs/longest: "long" is not of type "number"'),
        ("jobs: {shortest: 700}", ": /jobs: shortest must be at most longest, got 700 and 600"),
        ("jobs: {longest: 5}", ": /jobs: shortest must be at most longest, got 60 and 5"),
        ("accounts: {}", ': /accounts: {} is not of type "array"'),
        ("accounts: [5]", ': /accounts/0: 5 is not of type "object"'),
        ("accounts: [{}]", ': /accounts/0: "email" is a required property'),
        ("accounts: [{email: a@b, maxJobs: 9}]", ": /accounts/0/maxJobs: 9 is greater than the maximum of 8"),
        ("accounts: [{email: a@b, maxJobs: 2.5}]", ': /accounts/0/maxJobs: 2.5 is not of type "integer"'),
        ("accounts: [{email: a@b, credits: -1}]", ": /accounts/0/credits: -1 is less than the minimum of 0"),
        ("accounts: [{email: a@b}, {email: a@b}]", ": /accounts: each email must stand once, got a@b, a@b"),
        ("accounts: [{email: a@b, videos: 1001}]", ": /accounts/0/videos: 1001 is greater than the maximum of 1000"),
        ("description: ~", ': /description: null is not of type "string"'),
        ("1: 2", ": /: each key must be a string, got 1"),
        ("limits: {true: 2}", ": /limits: each key must be a string, got True"),
        ("description: 2025-01-01", ": /description: must be a value that JSON has, got '2025-01-01'"),
        ("jobs: {shortest: .nan}", ": /jobs/shortest: must be a value that JSON has, got 'nan'"),
        ("jobs: {longest: .inf}", ": /jobs/longest: must be a value that JSON has, got 'inf'"),
        ("accounts: [!!binary YQ==]", ": /accounts/0: must be a value that JSON has, got \"b'a'\""),
        ("accounts: !!set {a}", ": /accounts: must be a value that JSON has, got \"{'a'}\""),
    ],
)
def test_bad_scenario_gets_a_line(text: str, said: str, tmp_path: Path) -> None:
    """It names the place, the rule and the value."""
    assert refusal(tmp_path, text) == said


def test_sandbox_starts_with_a_hundred_accounts_at_most(tmp_path: Path) -> None:
    """A fresh one is made while a client waits."""
    emails = [f"{{email: a{number}@b}}" for number in range(101)]
    assert len(load(tmp_path, f"accounts: [{', '.join(emails[:100])}]").rules(20).accounts) == 100
    assert refusal(tmp_path, f"accounts: [{', '.join(emails)}]").endswith(" has more than 100 items")


@pytest.mark.parametrize("email", ["", "x", "a b@c", "a@b:c", "a@@b", "@b"])
def test_email_must_be_one(email: str, tmp_path: Path) -> None:
    """As the contract has it, so that ids can be built of it."""
    said = refusal(tmp_path, f"accounts: [{{email: '{email}'}}]")
    assert said.startswith(f': /accounts/0/email: "{email}" does not match')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", " is not YAML: while parsing a flow node"),
        ("a: &x [*x]", " is not YAML: aliases are not read here (*x"),
        ("a: &x 1\nb: *x", " is not YAML: aliases are not read here (*x"),
        ("a: !!python/object:os.system x", " is not YAML: could not determine a constructor"),
        ("? [a]\n: b", " is not YAML: while constructing a mapping"),
        ("a\x00: 1", " is not YAML: unacceptable character"),
        (b"a: \xff", " is not YAML: "),
        ("a: 1\n---\nb: 2", " is not YAML: expected a single document"),
        ("[" * 200_000, " is not YAML: nested deeper than 50 levels"),
        ("[" * 200_000 + "]" * 200_000, " is not YAML: nested deeper than 50 levels"),
        ("a: " + "{a: " * 60 + "1" + "}" * 60, " is not YAML: nested deeper than 50 levels"),
        ("a: " + "x" * 1_048_576, " must be at most 1048576 bytes long"),
    ],
)
def test_text_that_is_not_yaml_gets_a_line(text: str | bytes, said: str, tmp_path: Path) -> None:
    """Whatever its size or depth."""
    assert refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "scenario 'nowhere' can't be read: No such file or directory; ready-made scenarios: unlimited"),
        ("schema", "scenario 'schema' can't be read: No such file or directory; ready-made scenarios: unlimited"),
    ],
)
def test_unknown_name_gets_a_line(name: str, said: str) -> None:
    """It lists the names there are."""
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(name)
    assert str(caught.value) == said


def test_folder_gets_a_line(tmp_path: Path) -> None:
    """A path that is no file can't be read."""
    with pytest.raises(ScenarioError, match="can't be read: Is a directory"):
        Scenario.load(tmp_path)


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("wrong", "1", "scenario: /: Additional properties are not allowed ('wrong' was unexpected)"),
        ("", "1", "scenario: /: Additional properties are not allowed ('' was unexpected)"),
        ("answers..x", "1", "scenario: /answers: Additional properties are not allowed ('' was unexpected)"),
        ("answers.processing", "500", "scenario: /answers/processing: 500 is not one of 404 or 200"),
        ("answers.processing", "", "scenario: /answers/processing: null is not one of 404 or 200"),
        ("answers", "5", 'scenario: /answers: 5 is not of type "object"'),
        ("answers.processing", "[", "--set answers.processing: '[' is not YAML: while parsing a flow node"),
        ("answers.processing", "*x", "--set answers.processing: '*x' is not YAML: aliases are not read here"),
        ("jobs.longest", "5", "scenario: /jobs: shortest must be at most longest, got 60 and 5"),
        ("jobs.longest", "2025-01-01", "scenario: /jobs/longest: must be a value that JSON has, got '2025-01-01'"),
    ],
)
def test_bad_change_gets_a_line(key: str, text: str, said: str) -> None:
    """It names the key, the rule and the value."""
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(None, {key: text})
    assert str(caught.value).startswith(said)
    assert len(str(caught.value).splitlines()) == 1


def test_change_can_not_go_through_a_value() -> None:
    """A key under a number has nowhere to go."""
    with pytest.raises(ScenarioError, match=r"--set answers\.processing\.x=1: 'processing' has no keys"):
        Scenario.load(None, {"answers.processing": "200", "answers.processing.x": "1"})


def test_mock_does_not_start_with_a_bad_scenario() -> None:
    """Nothing is half set up."""
    with pytest.raises(ScenarioError):
        Api(Settings(changes={"wrong": "1"}))


def test_bad_secret_is_not_repeated(tmp_path: Path) -> None:
    """An error stands in answers and logs."""
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, "callbacks: {secret: whsec_swordfish-swordfish}")
    assert "/callbacks/secret: must be whsec_ and base64" in str(caught.value)
    assert "swordfish" not in str(caught.value)
