"""Scenarios: what they set, and the line that a bad one gets."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.api import Api
from mockserver.clock import AUTO_STEP, MAX_SPEED, MODES
from mockserver.domain import AccountRules, Durations, Endings, Rules, Status
from mockserver.scenario import Answers, Scenario, ScenarioError
from mockserver.settings import Settings
from scenario_texts import ANSWERS, SCHEMA, TOP, load, refusal

ENDINGS = SCHEMA["properties"]["jobs"]["properties"]["endings"]

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
        clock: {mode: auto, speed: 30, step: 2.5}
        accounts: [{email: a@b, credits: 5, maxJobs: 8, concurrency: 0, pendingError: true, videos: 7, running: 2}]
        jobs: {shortest: 0.5, longest: 2, endings: [FAILED, COMPLETED]}
        limits: {slots: false, credits: false, retention: 9}
        answers: {processing: 200, encoded_id: 200, unknown_video: 404, queued_is_final: true}
        """,
    )
    rules = scenario.rules(20)
    (account,) = rules.accounts
    assert (account.email, account.credits, account.max_jobs, account.concurrency) == ("a@b", 5, 8, 0)
    assert (account.pending_error, len(account.footage), account.running) == (True, 7, 2)
    assert rules.endings == Endings(listed=(Status.FAILED, Status.COMPLETED))
    clock = scenario.clock()
    assert (clock.mode, clock.speed, clock.step) == ("auto", 30, 2_500)
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


def test_unlimited_has_no_limits() -> None:
    """But a bound on what it keeps."""
    rules = Scenario.load("unlimited").rules(20)
    assert (rules.slots, rules.credits) == (False, False)
    assert rules.retention < Rules(cost=0).retention


def test_every_choice_of_answers_is_heard() -> None:
    """Each key of the schema's answers is one of ours, but for the numbers in ids, and has a default that is off."""
    given = {
        "processing": 200,
        "encoded_id": 200,
        "unknown_video": 404,
        "retry_after": "slot",
        "unready": 1.5,
        "order": "oldest",
    }
    known = SCHEMA["properties"]["answers"]["properties"]
    data = {key: given.get(key, True) for key in known}
    answers = Scenario.of({"answers": data}).answers
    assert {key: getattr(answers, key) for key in known if key != "long_ids"} | {"long_ids": True} == data
    for key in set(known) - {"long_ids"}:
        assert getattr(Answers(), key) != data[key]


def test_each_liberty_says_how_it_is_known() -> None:
    """As every behaviour that the vendor's page does not have."""
    known = SCHEMA["properties"]["answers"]["properties"]
    liberties = set(known) - {"processing", "encoded_id", "unknown_video", "queued_is_final"}
    provenances = {"documented", "vendor-code", "third-party", "inferred"}
    assert {key for key in liberties if known[key].get("x-provenance") in provenances} == liberties
    assert all("description" in known[key] for key in known)


def test_endings_may_be_shares() -> None:
    """Those of nothing are not drawn."""
    data = {"jobs": {"endings": {"FAILED": 0.2, "MODERATED": 0}}}
    assert Scenario.of(data).rules(20).endings == Endings(shares=((Status.FAILED, 0.2),))


def test_ids_may_be_long() -> None:
    """Longer than what a number in JavaScript holds."""
    assert Scenario.of({"answers": {"long_ids": True}}).rules(20).first_number > 2**53


@pytest.mark.parametrize(
    ("mode", "speed", "wanted"),
    [
        (None, None, ("manual", 30)),
        ("real", None, ("real", 30)),
        (None, 2.0, ("manual", 2)),
        ("auto", 1.0, ("auto", 1)),
    ],
)
def test_options_win_over_the_clock_of_the_scenario(mode: Any, speed: float | None, wanted: tuple[str, float]) -> None:
    """Each for itself; what is said nowhere has its default."""
    data = {"clock": {"mode": "manual", "speed": 30}}
    api = Api(Settings(clock=mode, speed=speed))
    clock = api.reset(b"Bearer user:1-a", Scenario.of(data)).clock
    assert (clock.mode, clock.speed, clock.step) == (*wanted, AUTO_STEP)
    plain = Scenario.of({}).clock()
    assert (plain.mode, plain.speed, plain.step) == ("real", 1, AUTO_STEP)


def test_clock_of_a_scenario_is_what_a_clock_may_be() -> None:
    """The schema knows its modes and its greatest speed."""
    clock = SCHEMA["properties"]["clock"]["properties"]
    assert tuple(clock["mode"]["enum"]) == MODES
    assert clock["speed"]["maximum"] == MAX_SPEED


def test_changes_set_single_keys() -> None:
    """Over a scenario or alone; values are YAML."""
    scenario = Scenario.load("unlimited", {"answers.processing": "200", "limits.slots": "true"})
    assert scenario.answers.processing == 200
    assert (scenario.rules(20).slots, scenario.rules(20).credits) == (True, False)
    assert Scenario.load(None, {"accounts": "[{email: a@b}]"}).rules(20).accounts[0].email == "a@b"


def test_changes_set_items_of_lists() -> None:
    """Counted from 0, and with what is inside."""
    changes = {
        "accounts": "[{email: a@b}, {email: c@d}]",
        "accounts.1.credits": "5",
        "callbacks.retries": "[1, 2]",
        "callbacks.retries.0": "7",
    }
    data = Scenario.load(None, changes).data
    assert data["accounts"] == [{"email": "a@b"}, {"email": "c@d", "credits": 5}]
    assert data["callbacks"] == {"retries": [7, 2]}


# The line that a bad one gets


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", " must be an object, got null"),
        ("[]", " must be an object, got []"),
        ("5", " must be an object, got 5"),
        ("wrong: 1", f": /wrong: there is no key wrong, only {TOP}"),
        ("answers: {wrong: 1}", f": /answers/wrong: there is no key wrong, only {ANSWERS}"),
        ('"a\\nb": 1', f": /a\\nb: there is no key a\\nb, only {TOP}"),
        ("answers: 5", ": /answers: must be an object, got 5"),
        ("answers: {processing: 500}", ": /answers/processing: must be one of 404, 200, got 500"),
        ("answers: {encoded_id: yes}", ": /answers/encoded_id: must be one of 400, 200, got true"),
        ("answers: {queued_is_final: 1}", ": /answers/queued_is_final: must be a boolean, got 1"),
        ("limits: {slots: 'yes'}", ': /limits/slots: must be a boolean, got "yes"'),
        ("limits: {retention: 0}", ": /limits/retention: must be from 1 to 10000000, got 0"),
        ("jobs: {shortest: -1}", ": /jobs/shortest: must be from 0 to 1000000000, got -1"),
        ("jobs: {longest: long}", ': /jobs/longest: must be a number, got "long"'),
        ("jobs: {shortest: 700}", ": /jobs: shortest must be at most longest, got 700 and 600"),
        ("jobs: {longest: 5}", ": /jobs: shortest must be at most longest, got 60 and 5"),
        ("accounts: {}", ": /accounts: must be an array, got {}"),
        ("accounts: [5]", ": /accounts/0: must be an object, got 5"),
        ("accounts: [{}]", ": /accounts/0/email: is required, got none"),
        ("accounts: [{email: a@b, maxJobs: 9}]", ": /accounts/0/maxJobs: must be from 1 to 8, got 9"),
        ("accounts: [{email: a@b, maxJobs: 2.5}]", ": /accounts/0/maxJobs: must be an integer, got 2.5"),
        ("accounts: [{email: a@b, credits: -1}]", ": /accounts/0/credits: must be from 0 to 1000000000000, got -1"),
        ("accounts: [{email: a@b}, {email: a@b}]", ": /accounts/1/email: must stand once, got a@b again, as in 0"),
        ("accounts: [{email: a@b, videos: 1001}]", ": /accounts/0/videos: must be from 0 to 1000, got 1001"),
        ("description: ~", ": /description: must be a string, got null"),
        ("1: 2", ": /1: a key must be a string, got 1"),
        ("limits: {true: 2}", ": /limits/True: a key must be a string, got True"),
        ("description: 2025-01-01", ": /description: must be a value that JSON has, got '2025-01-01'"),
        ("jobs: {shortest: .nan}", ": /jobs/shortest: must be a value that JSON has, got 'nan'"),
        ("jobs: {longest: .inf}", ": /jobs/longest: must be a value that JSON has, got 'inf'"),
        ("callbacks: {progress: often}", ': /callbacks/progress: must be 0, or seconds from 1, got "often"'),
        ("callbacks: {progress: 0.5}", ": /callbacks/progress: must be from 1 to 1000000000, got 0.5"),
        ("clock: {speed: 0}", ": /clock/speed: must be above 0, got 0"),
        ("clock: {step: 5, mode: real}", ": /clock/step: means nothing for the mode real, only for auto"),
        (
            "accounts: [{email: a@b, running: 1, videos: 0}]",
            ": /accounts/0/running: needs a video to upscale, got none",
        ),
        ("jobs: {endings: [DONE]}", ': /jobs/endings/0: must be one of "COMPLETED", "FAILED", "MODERATED", got "DONE"'),
        ("jobs: {endings: {X: 1}}", ": /jobs/endings/X: there is no key X, only FAILED, MODERATED"),
        ("jobs: {endings: {FAILED: 1.5}}", ": /jobs/endings/FAILED: must be from 0 to 1, got 1.5"),
        (
            "jobs: {endings: {FAILED: 0.7, MODERATED: 0.4}}",
            ": /jobs/endings: must be at most 1 together, got 1.1",
        ),
        ("jobs: {endings: FAILED}", f': /jobs/endings: must be {ENDINGS["x-form"]}, got "FAILED"'),
        ("answers: {retry_after: -1}", ": /answers/retry_after: must be from 0 to 1000000, got -1"),
        (
            "answers: {retry_after: soon}",
            ': /answers/retry_after: must be slot or a whole number of seconds, got "soon"',
        ),
    ],
)
def test_bad_scenario_gets_a_line(text: str, said: str, tmp_path: Path) -> None:
    """It names the place, the rule and the value."""
    assert refusal(tmp_path, text) == said


def test_sandbox_starts_with_a_hundred_accounts_at_most(tmp_path: Path) -> None:
    """A fresh one is made while a client waits."""
    emails = [f"{{email: a{number}@b}}" for number in range(101)]
    assert len(load(tmp_path, f"accounts: [{', '.join(emails[:100])}]").rules(20).accounts) == 100
    assert refusal(tmp_path, f"accounts: [{', '.join(emails)}]").endswith(
        ": /accounts: must hold at most 100 items, got 101"
    )


@pytest.mark.parametrize("email", ["", "x", "a b@c", "a@b:c", "a@@b", "@b"])
def test_email_must_be_one(email: str, tmp_path: Path) -> None:
    """As the contract has it, so that ids can be built of it."""
    said = refusal(tmp_path, f"accounts: [{{email: '{email}'}}]")
    assert said == f': /accounts/0/email: must be an email address, got "{email}"'


def test_mock_does_not_start_with_a_bad_scenario() -> None:
    """Nothing is half set up."""
    with pytest.raises(ScenarioError):
        Api(Settings(changes={"wrong": "1"}))


def test_bad_secret_is_not_repeated(tmp_path: Path) -> None:
    """An error stands in answers and logs."""
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, "callbacks: {secret: whsec_swordfish-swordfish}")
    assert "/callbacks/secret: must be whsec_ and base64" in str(caught.value)
    assert str(caught.value).endswith(", got 25 characters")
    assert "swordfish" not in str(caught.value)


# Disturbances


@pytest.mark.parametrize(
    ("callbacks", "said"),
    [
        ("{final_only: true, disturbances: [{kind: swapped}]}", "0/kind: swapped has no effect with final_only"),
        (
            "{final_only: true, disturbances: [{kind: late}, {kind: early}]}",
            "1/kind: early has no effect with final_only",
        ),
        (
            "{final_only: true, disturbances: [{kind: late, of: progress}]}",
            "0/of: progress has no effect with final_only",
        ),
        (
            "{disturbances: [{kind: duplicate, seconds: 5}]}",
            "0/seconds: means nothing for duplicate, only for late and slow",
        ),
        ("{disturbances: [{kind: swapped, of: all}]}", "0/of: means nothing for swapped"),
        ("{disturbances: [{kind: late}, {kind: dropped}]}", "0/kind: late has no effect on calls that are dropped"),
        (
            "{disturbances: [{kind: dropped, of: all, jobs: [1, 2]}, {kind: slow, jobs: [2]}]}",
            "1/kind: slow has no effect on calls that are dropped",
        ),
    ],
)
def test_disturbance_without_effect_is_refused(callbacks: str, said: str, tmp_path: Path) -> None:
    """Who asks for it would wait for it in vain."""
    assert refusal(tmp_path, f"callbacks: {callbacks}").startswith(f": /callbacks/disturbances/{said}")


@pytest.mark.parametrize(
    "callbacks",
    [
        "{final_only: true, disturbances: [{kind: late, of: all}, {kind: duplicate}]}",
        "{progress: 0, disturbances: [{kind: swapped}, {kind: late, of: progress}]}",
        "{disturbances: [{kind: dropped}, {kind: swapped}, {kind: late, of: all}]}",
        "{disturbances: [{kind: dropped, jobs: [1]}, {kind: late}]}",
        "{disturbances: [{kind: dropped, jobs: [1]}, {kind: late, jobs: [1, 2]}]}",
        "{disturbances: [{kind: dropped, of: progress}, {kind: late}]}",
    ],
)
def test_disturbance_with_some_effect_is_taken(callbacks: str, tmp_path: Path) -> None:
    """On some call of some job."""
    assert load(tmp_path, f"callbacks: {callbacks}").data
