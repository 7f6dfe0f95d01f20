"""No report of any verdict shows a secret, wherever it stood; and where one stood can be seen."""

import base64
import io
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.findings import Bar, Call, Course, Finding, Gap, Got, Grade, Passed, Sent, Told, Verdict
from contracts.report import files, github, terminal
from contracts.report.masking import Masking, kind_of, masked
from report import verdicts

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
TOKENS = st.text(LETTERS, min_size=12, max_size=64).map(lambda text: f"user:{90_210}-{text}")
PASSWORDS = st.text(min_size=10, max_size=30).filter(lambda text: len(set(text)) > 5 and not text.isalnum())


def reports(verdict: Verdict, secrets: tuple[str, ...] = ()) -> str:
    """All reports of a verdict, one behind the other, with base64 undone."""
    clean = masked(verdict, secrets)
    with TemporaryDirectory() as folder:
        paths = {kind: Path(folder, kind) for kind in files.KINDS}
        files.write(clean, paths)
        texts = [path.read_text(encoding="utf-8") for path in paths.values()]
        archive = json.loads(paths["har"].read_text(encoding="utf-8"))
    for entry in archive["log"]["entries"]:
        content = entry["response"]["content"]
        if content.get("encoding"):
            texts.append(base64.b64decode(content["text"]).decode("latin-1"))
    out = io.StringIO()
    terminal.show(clean, out)
    return "\n".join([*texts, out.getvalue(), *github.commands(clean), github.summary(clean)])


def holds(text: str, secret: str) -> bool:
    """Whether a secret is in a text. A function, as pytest compares long texts for minutes."""
    return secret in text


@cache
def without() -> str:
    """The same with another secret: what stands there by itself, somebody may have for a password."""
    return reports(everywhere("an0ther, entirely", "Bearer an0ther, entirely"))


def everywhere(secret: str, header: str) -> Verdict:
    """A verdict that holds a secret in each place that can hold one."""
    quoted = quote(secret, safe="")
    sent = Sent(
        "POST",
        f"{verdicts.BASE}/v2/{quoted}?token={quoted}&x={quote_plus(secret)}",
        (("Authorization", header), ("Cookie", f"a={secret}; b=2"), ("X-Trace", f"for {secret}")),
        json.dumps({"password": secret, "deep": [{"note": f"it is {secret}."}]}).encode(),
    )
    got = Got(
        400,
        (("location", f"/x?y={quoted}"), ("Set-Cookie", f"s={secret}; Path=/")),
        json.dumps({"error": f"got {secret}", "jwt": {"token": secret}}, ensure_ascii=False).encode("utf-8", "replace"),
        reason=f"no {secret}",
    )
    plain = Got(0, error=f"no answer to {secret}", body=secret.encode("utf-8", "replace") + b"\xff\xfe")
    story = (
        Call(1, "saveAccount", sent, got, 1.0, 2.0),
        Passed(3.0, 4.0, moved=True),
        Told(replace(sent, method="PUT"), 200, 5.0),
        Call(2, secret, sent, plain, 6.0, 2.0),
    )
    finding = Finding(verdicts.SLOTS, "saveAccount", f"not {secret}", f"got {secret}", story, 0, f"curl -H {secret}")
    verdict = verdicts.of_one(finding, f"http://u:{quoted}@127.0.0.1/", notes=(f"with {secret}",), cut_short=secret)
    # The same of a client, in a verdict that is told by both kinds of reports.
    told = replace(finding, scenario=f"at {secret}", gap=Gap(1.0, 6.0, f"less than {secret}"))
    verdict.judged[0].findings.append(told)
    jobs = (Bar(f"video {secret}", 0.0, 4.0, ((0.0, "QUEUED"), (4.0, f"lost {secret}")), 20),)
    course = Course(
        f"at {secret}", f"about {secret}", f"ended {secret}", 0.01, story, jobs, f"printed\n{secret}\n", (secret,)
    )
    return replace(verdict, courses=(course,), grade=Grade("C", 60, f"it said {secret}"))


@settings(max_examples=25)
@given(TOKENS)
def test_no_report_holds_a_token(token: str) -> None:
    """One of the documented form needs no list to be found."""
    assume(not holds(without(), token.partition("-")[2]))
    found = reports(everywhere(token, f"Bearer {token}"))
    assert not holds(found, token.partition("-")[2])


@settings(max_examples=25)
@given(PASSWORDS)
def test_no_report_holds_a_password_that_was_sent(password: str) -> None:
    """What a field named password holds is found everywhere else, in each form of writing."""
    assume(
        not any(each in "‹›…;" for each in password) and password.strip() == password and not holds(without(), password)
    )
    found = reports(everywhere(password, f"Bearer {password}"))
    for form in {password, quote(password, safe=""), json.dumps(password)[1:-1]}:
        assert not holds(found, form)


@settings(max_examples=15)
@given(st.text(LETTERS + "-_.", min_size=16, max_size=40).filter(lambda text: len(set(text)) > 6))
def test_no_report_holds_a_secret_that_was_named(secret: str) -> None:
    """A token of any form, given as such, is found in prose, too."""
    assume(not holds(without(), secret))
    finding = Finding(verdicts.SLOTS, secret, f"a {secret}", f"b {secret}", curl=f"curl {secret}")
    assert not holds(reports(verdicts.of_one(finding, notes=(secret,)), (secret,)), secret)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("user:12345-abcDEF09", "user:12345-…"),
        ("USER:12345-abcDEF09!", "USER:12345-…!"),
        ("user%3A12345-abcDEF09", "user:12345-…"),
        ("user%253A12345%252DabcDEF09", "user:12345-…"),
        (r"user:12345-abc\u0044EF", "user:12345-…"),
        ("/v2?token=abc&x=1", "/v2?token=‹token›&x=1"),
        ('{"password": "a\\"b", "x": 1}', '{"password": "‹password›", "x": 1}'),
        (r'{"error": "got {\"password\":\"hunter\"}"}', r'{"error": "got {\"password\":\"‹password›\"}"}'),
        ('{"api_key": 12345}', '{"api_key": "‹key›"}'),
        ("https://u:pw@host/", "https://u:‹password›@host/"),
        ('name="password"\r\n\r\nhunter2\r\n--b', 'name="password"\r\n\r\n‹password›\r\n--b'),
    ],
)
def test_secret_leaves_its_place_and_kind(text: str, shown: str) -> None:
    """What is shown says what stood there."""
    assert Masking().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        verdicts.VIDEO,
        quote(verdicts.VIDEO),
        '{"password": "…secured…", "token": "abc…secured…cde"}',
        r'{"password": "\u2026secured\u2026", "token": "abc\u2026secured\u2026cde"}',
        'curl -H "Authorization: Bearer $USEAPI_TOKEN"',
        "the token is checked first",
        "a%20b%C3%A9",
        '{"token": null, "password": ""}',
        "user:12345-…",
    ],
)
def test_innocent_text_stays(text: str) -> None:
    """Ids of videos, what a provider masked itself, variables and prose are no secrets."""
    assert Masking().text(text) == text


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("node x.js --token abcDEF09 -v", "node x.js --token ‹token› -v"),
        ("x --password 'two words' y", "x --password '‹password›' y"),
        ("curl -H 'Authorization: Bearer abcDEF09'", "curl -H 'Authorization: Bearer ‹token›'"),
        ("sh x.sh user:12345-abcDEF09", "sh x.sh user:12345-…"),
        ("env USEAPI_TOKEN=abcDEF09 x", "env USEAPI_TOKEN=‹token› x"),
        ("x --token {token} --token $USEAPI_TOKEN --token", "x --token {token} --token $USEAPI_TOKEN --token"),
        ("grep token file", "grep token file"),
    ],
)
def test_command_of_a_client_keeps_its_secrets(command: str, shown: str) -> None:
    """An option may name what follows it; what is filled in later is no secret."""
    assert masked(Verdict(command, [], grade=Grade("A", 100))).subject == shown


def test_secret_of_a_command_is_found_in_what_the_client_printed() -> None:
    """It shows by its place in the one."""
    course = Course("x", "", "", 1.0, output="token is s3cret-of-mine\n")
    verdict = masked(Verdict("x --token s3cret-of-mine", [], courses=(course,)))
    assert verdict.courses[0].output == "token is ‹token›\n"


def test_different_secrets_stay_different() -> None:
    """Two tokens of one user can be told apart, and each is the same everywhere."""
    masking = Masking()
    assert [masking.text(f"user:1-{name}") for name in "aba"] == ["user:1-…", "user:1-…2", "user:1-…"]


def test_header_keeps_its_scheme() -> None:
    """Bearer stays, Basic stays, and so does a header that is no secret."""
    headers = (("Authorization", "Bearer user:12345-abc"), ("authorization", "Basic dXNlcjpwYXNz"), ("Accept", "*/*"))
    shown = Masking().sent(Sent("GET", verdicts.BASE, headers)).headers
    assert [value for _, value in shown] == ["Bearer user:12345-…", "Basic ‹token›", "*/*"]


def test_masking_twice_changes_nothing() -> None:
    """A masked verdict is masked."""
    once = masked(verdicts.failing())
    assert masked(once) == once


def test_answer_that_shows_the_password_that_was_sent_is_masked() -> None:
    """The flaw is shown, the secret is not."""
    verdict = masked(verdicts.failing())
    finding = next(each for each in verdict.findings if each.rule is verdicts.MASKED_SECRETS)
    assert finding.got == "the password ‹password›"
    call = finding.story[0]
    assert isinstance(call, Call)
    assert json.loads(call.got.body)["password"] == "‹password›"


def test_common_words_are_not_taken_for_secrets() -> None:
    """A password that is a word hides in its own field, and the word stays elsewhere."""
    sent = Sent("POST", verdicts.BASE, (), b'{"password": "password"}')
    finding = Finding(verdicts.SLOTS, "x", "the password", "none", (Call(1, "x", sent, Got(200), 0, 0),))
    assert masked(verdicts.of_one(finding)).findings[0].expected == "the password"


@pytest.mark.parametrize(("name", "kind"), [("X-Mock-Control-Token", "token"), ("passwd", "password"), ("email", None)])
def test_names_tell_kinds(name: str, kind: str | None) -> None:
    """Headers and fields by the words in their names."""
    assert kind_of(name) == kind
