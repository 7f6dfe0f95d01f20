"""Scenario files: what can't be read, where it goes wrong, and keys that are set on top."""

from pathlib import Path
from time import thread_time
from typing import Final

import pytest

from mockserver.scenario import Scenario, ScenarioError, names
from mockserver.scenario_file import ready_made
from scenario_texts import ANSWERS, TOP, load, refusal

_PATIENCE: Final = 1.0
"""Seconds of work within which the worst text gets its line."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", " is not YAML: while parsing a flow node"),
        ("a: &x [*x]", " is not YAML: aliases are not read here (*x"),
        ("a: &x 1\nb: *x", " is not YAML: aliases are not read here (*x"),
        ("a: !!python/object:os.system x", " is not YAML: tags are not read here (!!python/object:os.system, line 1)"),
        ("? [a]\n: b", " is not YAML: a key must be a word (line 1)"),
        ("accounts: [!!binary YQ==]", " is not YAML: tags are not read here (!!binary, line 1)"),
        ("accounts: !mine []", " is not YAML: tags are not read here (!mine, line 1)"),
        ("a\x00: 1", " is not YAML: unacceptable character"),
        (b"a: \xff", " is not YAML: "),
        ("a: 1\n---\nb: 2", " is not YAML: expected a single document"),
        # Some versions of libyaml, which reads ahead, say it in words of their own.
        ("[" * 200_000, " is not YAML: "),
        ("[" * 200_000 + "]" * 200_000, " is not YAML: "),
        ("a: " + "{a: " * 60 + "1" + "}" * 60, " is not YAML: nested deeper than 50 levels"),
        ("a: " + "x" * 1_048_576, " must be at most 1048576 bytes long"),
        ("a: [" + "1," * 500_000 + "1]", " is not YAML: more than 20000 keys and values"),
        ("accounts: []\njobs: {}\naccounts: []", " is not YAML: the key 'accounts' stands twice (line 3)"),
        ("jobs: {longest: 5, longest: 6}", " is not YAML: the key 'longest' stands twice (line 1)"),
        ("jobs: {<<: {longest: 5}}", " is not YAML: merge keys are not read here (line 1)"),
        ("jobs: {longest: 2025-02-30}", " is not YAML: day is out of range"),
        ("jobs: {longest: " + "9" * 5_000 + "}", " is not YAML: Exceeds the limit"),
    ],
)
def test_text_that_is_not_yaml_gets_a_line(text: str | bytes, said: str, tmp_path: Path) -> None:
    """Whatever its size or depth."""
    assert refusal(tmp_path, text).startswith(said)


@pytest.mark.parametrize("name", ["unlimted", "schema", "", "nowhere\0", "x" * 5_000])
def test_unknown_name_gets_a_line(name: str) -> None:
    """It lists the names there are, and says which may be meant."""
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(name)
    said = str(caught.value)
    assert "can't be read: " in said
    assert ", ".join(names()) in said
    assert ("did you mean unlimited?" in said) is (name == "unlimted")


def test_folder_gets_a_line(tmp_path: Path) -> None:
    """A path that is no file can't be read."""
    with pytest.raises(ScenarioError, match="can't be read: Is a directory"):
        Scenario.load(tmp_path)


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("wrong", "1", f"--set wrong: /wrong: there is no key wrong, only {TOP}"),
        ("", "1", f"--set : /: there is no key , only {TOP}"),
        ("answers..x", "1", f"scenario: /answers/: there is no key , only {ANSWERS}"),
        (
            "answers.processing",
            "500",
            "--set answers.processing: /answers/processing: must be one of ",
        ),
        ("answers.processing", "", "--set answers.processing: /answers/processing: must be one of 404, 200, got null"),
        ("answers", "5", "--set answers: /answers: must be an object, got 5"),
        ("answers.processing", "[", "--set answers.processing: '[' is not YAML: while parsing a flow node"),
        ("callbacks.secret", "[whsec_swordfish", "--set callbacks.secret: the value is not YAML: "),
        ("answers.processing", "*x", "--set answers.processing: '*x' is not YAML: aliases are not read here"),
        ("jobs.longest", "5", "scenario: /jobs: shortest must be at most longest, got 60 and 5"),
        (
            "jobs.longest",
            "2025-01-01",
            "--set jobs.longest: /jobs/longest: must be a value that JSON has, got ",
        ),
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
    with pytest.raises(ScenarioError, match=r"--set answers\.processing\.x: 'processing' has no keys"):
        Scenario.load(None, {"answers.processing": "200", "answers.processing.x": "1"})


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("accounts.2.credits", "--set accounts.2.credits: accounts has no item '2', it has 2 (from 0)"),
        ("accounts.-1.credits", "--set accounts.-1.credits: accounts has no item '-1', it has 2 (from 0)"),
        ("accounts.2", "--set accounts.2: accounts has no item '2', it has 2 (from 0)"),
        ("accounts.first", "--set accounts.first: accounts has no item 'first', it has 2 (from 0)"),
        ("accounts.².credits", "--set accounts.².credits: accounts has no item '²', it has 2 (from 0)"),
        ("faults.0.times", "--set faults.0.times: there is no list 'faults' in the scenario whose item could be set"),
        ("faults.0", "--set faults.0: there is no list 'faults' in the scenario whose item could be set"),
    ],
)
def test_change_of_an_item_that_is_not_there_gets_a_line(key: str, said: str, tmp_path: Path) -> None:
    """Items are not made, since an item seldom comes alone."""
    path = tmp_path / "s.yaml"
    path.write_text("accounts: [{email: a@b}, {email: c@d}]")
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(path, {key: "5"})
    assert str(caught.value) == said


# The line of the file


SEVERAL: Final = """\
description: >-
  More than
  one line
accounts:
  - email: a@b
    maxJobs: 3
  - {email: c@d,
     credits: 7}
callbacks:
  disturbances:
    - kind: late
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("maxJobs: 3", "maxJobs: 9", ": line 6: /accounts/0/maxJobs: must be from 1 to 8, got 9"),
        ("credits: 7", "credits: -7", ": line 8: /accounts/1/credits: must be from 0 to 1000000000000, got -7"),
        ("email: c@d", "email: a@b", ": line 7: /accounts/1/email: must stand once, got a@b again, as in 0"),
        ("email: a@b", "mail: a@b", ": line 5: /accounts/0/mail: there is no key mail (did you mean email?), only "),
        ("{email: c@d,", "{", ": line 7: /accounts/1/email: is required, got none"),
        ("callbacks:", "callback:", ": line 9: /callback: there is no key callback (did you mean callbacks?), only "),
        (
            "kind: late",
            "kind: duplicated",
            ': line 11: /callbacks/disturbances/0/kind: must be one of "duplicate", "swapped", "early", "late", ',
        ),
        ("  - email: a@b\n    maxJobs: 3", "  - 5", ": line 5: /accounts/0: must be an object, got 5"),
        ("description:", "1:", ": line 1: /1: a key must be a string, got 1"),
    ],
)
def test_error_names_the_line_of_the_file(old: str, new: str, said: str, tmp_path: Path) -> None:
    """Of what is wrong, or of what it is missing in."""
    assert load(tmp_path, SEVERAL).data
    assert refusal(tmp_path, SEVERAL.replace(old, new)).startswith(said)


def test_what_was_set_is_not_looked_for_in_the_file(tmp_path: Path) -> None:
    """The option is named in its place; the rest of the file has its lines."""
    path = tmp_path / "s.yaml"
    path.write_text(SEVERAL)
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(path, {"accounts.0.maxJobs": "9"})
    assert str(caught.value) == "--set accounts.0.maxJobs: /accounts/0/maxJobs: must be from 1 to 8, got 9"
    path.write_text(SEVERAL.replace("maxJobs: 3", "maxJobs: 9"))
    with pytest.raises(ScenarioError, match=r"s\.yaml': line 6: /accounts/0/maxJobs: "):
        Scenario.load(path, {"accounts.0.credits": "1"})


def test_data_from_a_text_has_its_lines() -> None:
    """As a control call has it."""
    text = b'{\n "accounts": [\n  {"email": "a@b",\n   "maxJobs": 9}]}'
    with pytest.raises(ScenarioError, match=r"^scenario: line 4: /accounts/0/maxJobs: must be from 1 to 8, got 9$"):
        Scenario.of({"accounts": [{"email": "a@b", "maxJobs": 9}]}, text=text)


# What nobody means well


def test_device_without_end_gets_a_line() -> None:
    """It is not read further than a scenario may be long."""
    with pytest.raises(ScenarioError, match="must be at most 1048576 bytes long"):
        Scenario.load("/dev/zero")


def test_large_file_gets_a_line_at_once(tmp_path: Path) -> None:
    """50 MB of it."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    began = thread_time()
    with pytest.raises(ScenarioError, match="must be at most 1048576 bytes long"):
        Scenario.load(path)
    assert thread_time() - began < _PATIENCE


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\n" + "\n".join(f"b{n}: &b{n} [*b{n - 1}, *b{n - 1}]" for n in range(1, 40)),
        "a: [" + "{b: 1}," * 130_000 + "]",
        "a:\n" + "- 1\n" * 260_000,
        "\n" * 20 + "a: [" + "1,\n" * 19_000 + "1]",
        "accounts:\n" + "  - {email: a@b}\n" * 4_000,
        "{" + ",\n".join(f"k{n}: 1" for n in range(9_000)) + "}",
        "a: '" + "x" * 1_000_000 + "'",
        "'" + "x" * 1_000_000 + "': 1",
        "[" * 500_000,
        "\n\t- a: 1",
        b"\xff\xfe" + "a: 1".encode("utf-16-le"),
        bytes(range(256)) * 4_000,
    ],
)
def test_hostile_text_gets_a_line_soon(text: str | bytes, tmp_path: Path) -> None:
    """A short one, whatever the text."""
    began = thread_time()
    assert len(refusal(tmp_path, text)) < 1_200
    assert thread_time() - began < _PATIENCE


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"a": [1] * 30_000}, "scenario: /: must hold at most 20000 keys and values, got more"),
        ({"a\n\x1b[31m": 1}, r"scenario: /a\\n\\u001b\[31m: there is no key a\\n\\u001b\[31m, only"),
        ({"accounts": [{"email": "a@b", "credits": 10**30}]}, "scenario: /accounts/0/credits: must be "),
        ({"jobs": {"longest": float("nan")}}, "scenario: /jobs/longest: must be a value that JSON has, got 'nan'"),
    ],
)
def test_hostile_data_gets_a_line(data: object, said: str) -> None:
    """As from a control call."""
    with pytest.raises(ScenarioError, match=f"^{said}"):
        Scenario.of(data)


def test_deep_data_gets_a_line() -> None:
    """Deeper than anything reads it."""
    data: dict[str, object] = {}
    for _ in range(900):
        data = {"a": data}
    with pytest.raises(ScenarioError, match=r"must be nested at most 50 levels deep, got more$"):
        Scenario.of(data)


def test_ready_made_file_is_the_text_itself() -> None:
    """As a user copies it."""
    assert ready_made("unlimited").startswith(b"description: ")
    with pytest.raises(ScenarioError, match="there is no ready-made scenario schema, only "):
        ready_made("schema")
