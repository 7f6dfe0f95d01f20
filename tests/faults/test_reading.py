"""Rules as a person writes them: each that makes sense gives what it says, each other one a sentence with its place."""

from typing import Any

import pytest

from mockserver.api import Api
from mockserver.faults import Catalogue, Rule
from mockserver.faults.actions import Delayed, Documented, OnWire, Spoiled, Stage, Undocumented
from mockserver.message import Suffering, Wire
from mockserver.scenario import Scenario, ScenarioError
from mockserver.settings import Settings
from mockserver.spec import Contract, ContractError
from mockserver.spec.document import Document

DOCUMENT = Document.load()
CATALOGUE = Catalogue(Contract(DOCUMENT))
EXAMPLES = [
    (operation["operationId"], int(status), name, DOCUMENT.resolve(example)["x-provenance"])
    for _, _, _, operation in DOCUMENT.operations()
    for status, response in operation["responses"].items()
    for media in DOCUMENT.resolve(response).get("content", {}).values()
    for name, example in media.get("examples", {}).items()
]
"""Operation, status, name and provenance of each example of the contract."""
NODES: dict[str, dict[str, Any]] = DOCUMENT.data["x-faults"]["faults"]
PROVENANCES = {"documented", "vendor-code", "third-party", "inferred"}
NEST: list[Any] = []
for _ in range(60):
    NEST = [NEST]


def read(*rules: Any) -> tuple[Rule, ...]:
    """The rules of a plan, read as those of a scenario are."""
    return Scenario.of({"faults": list(rules)}, catalogue=CATALOGUE).faults


def one(**rule: Any) -> Rule:
    (found,) = read(rule)
    return found


# What can be asked for


@pytest.mark.parametrize(("operation", "status", "name", "provenance"), EXAMPLES)
def test_every_example_of_the_contract_is_an_answer_to_ask_for(
    operation: str, status: int, name: str, provenance: str
) -> None:
    """By code, name and operation; as well known as the contract says."""
    rule = one(status=status, example=name, operation=operation)
    assert isinstance(rule.action, Documented)
    (answer,) = rule.action.answers.values()
    assert (answer.status, answer.name, set(rule.action.answers)) == (status, name, {operation})
    assert (rule.name, rule.provenance, rule.stage, rule.operations) == (name, provenance, Stage.CHECKED, {operation})


@pytest.mark.parametrize("name", dict.fromkeys(name for _, status, name, _ in EXAMPLES if status >= 400))
def test_every_refusal_is_a_fault_by_its_name(name: str) -> None:
    """Of each operation that has it; of one that has it twice, with the lower code."""
    rule = one(fault=name)
    assert isinstance(rule.action, Documented)
    wanted = {
        operation: min(code for where, code, called, _ in EXAMPLES if (where, called) == (operation, name))
        for operation, _, called, _ in EXAMPLES
        if called == name
    }
    assert {operation: answer.status for operation, answer in rule.action.answers.items()} == wanted
    assert (rule.name, rule.operations) == (name, set(wanted))


@pytest.mark.parametrize(
    ("operation", "status", "name", "provenance"), [example for example in EXAMPLES if example[1] >= 400]
)
def test_a_named_refusal_is_known_as_that_of_its_operation(
    operation: str, status: int, name: str, provenance: str
) -> None:
    """Where several operations have answers of one name, and they are not known equally well."""
    rule = one(fault=name, operation=operation)
    assert isinstance(rule.action, Documented)
    if rule.action.answers[operation].status == status:
        assert rule.provenance == provenance


@pytest.mark.parametrize("name", NODES)
def test_every_other_fault_is_one_by_its_name(name: str) -> None:
    """In all operations; as well known as the contract says, and with its words."""
    rule = one(fault=name, **({"seconds": 1} if name == "latency" else {}))
    node = NODES[name]
    assert (rule.name, rule.provenance, rule.summary) == (name, node["x-provenance"], node["summary"])
    assert rule.operations is None
    if "status" in node:
        assert isinstance(rule.action, Undocumented)
        assert rule.action.status == node["status"]
        assert dict(rule.action.headers)[b"content-type"] == node["content-type"].encode()
        assert rule.stage is Stage.ARRIVAL


@pytest.mark.parametrize(
    ("rule", "stage", "action"),
    [
        ({"fault": "connection-reset"}, Stage.ARRIVAL, OnWire(Wire(Suffering.RESET))),
        ({"fault": "connection-reset", "handled": True}, Stage.ANSWERED, OnWire(Wire(Suffering.RESET))),
        ({"fault": "connection-reset", "handled": False}, Stage.ARRIVAL, OnWire(Wire(Suffering.RESET))),
        ({"fault": "empty-answer"}, Stage.ARRIVAL, OnWire(Wire(Suffering.EMPTY))),
        ({"fault": "empty-answer", "handled": True}, Stage.ANSWERED, OnWire(Wire(Suffering.EMPTY))),
        ({"fault": "no-answer"}, Stage.ARRIVAL, OnWire(Wire(Suffering.UNANSWERED))),
        ({"fault": "no-answer", "handled": True}, Stage.ANSWERED, OnWire(Wire(Suffering.UNANSWERED))),
        ({"fault": "lost-reply"}, Stage.ACCEPTED, OnWire(Wire(Suffering.RESET))),
        ({"fault": "truncated-body"}, Stage.ANSWERED, OnWire(Wire(Suffering.TRUNCATED))),
        ({"fault": "slow-body"}, Stage.ANSWERED, OnWire(Wire(Suffering.DRIBBLED, 5.0))),
        ({"fault": "slow-body", "seconds": 0.5}, Stage.ANSWERED, OnWire(Wire(Suffering.DRIBBLED, 0.5))),
        ({"fault": "malformed-json"}, Stage.ANSWERED, Spoiled("json")),
        ({"fault": "wrong-content-type"}, Stage.ANSWERED, Spoiled("content-type")),
        ({"fault": "latency", "seconds": 3.0}, Stage.ANSWERED, Delayed(3, 3)),
        ({"fault": "latency", "seconds": {"from": 1, "to": 2.5}}, Stage.ANSWERED, Delayed(1, 2.5)),
        ({"fault": "latency", "seconds": {"from": 2, "to": 2}}, Stage.ANSWERED, Delayed(2, 2)),
        ({"fault": "latency", "seconds": {"median": 1, "sigma": 0.5}}, Stage.ANSWERED, Delayed(1, 1, 0.5)),
        (
            {"status": 503, "body": "<html>", "headers": {"Retry-After": "30"}},
            Stage.ARRIVAL,
            Undocumented(503, ((b"content-type", b"text/html"), (b"retry-after", b"30")), b"<html>"),
        ),
        (
            {"status": 200, "body": {"a": [1, None]}},
            Stage.ARRIVAL,
            Undocumented(200, ((b"content-type", b"application/json"),), b'{"a":[1,null]}'),
        ),
        (
            {"status": 418, "body": "short", "headers": {"Content-Type": "text/plain"}},
            Stage.ARRIVAL,
            Undocumented(418, ((b"content-type", b"text/plain"),), b"short"),
        ),
        (
            {"status": 204, "body": ""},
            Stage.ARRIVAL,
            Undocumented(204, ((b"content-type", b"text/html"),), b""),
        ),
    ],
)
def test_rule_is_what_it_says(rule: dict[str, Any], stage: Stage, action: object) -> None:
    """What it does to a call, and where on the call's way."""
    found = one(**rule)
    assert (found.stage, found.action) == (stage, action)


def test_answer_by_its_code_alone_is_the_first_of_them() -> None:
    """Of each operation that has one; of the operation that is named, else."""
    busy = one(status=429)
    assert isinstance(busy.action, Documented)
    assert (busy.name, set(busy.action.answers)) == ("account-busy", {"upscaleVideo"})
    bad = one(status=400)
    assert isinstance(bad.action, Documented)
    assert {answer.name for answer in bad.action.answers.values()} == {"bad-request"}
    missing = one(status=404, operation="getVideo")
    assert (missing.name, missing.operations) == ("video-processing", {"getVideo"})


def test_rule_with_a_body_of_its_own_is_inferred() -> None:
    """Nobody but its author knows of it; it goes by its code."""
    rule = one(status=503, body="down", operation="listVideos")
    assert (rule.name, rule.provenance, rule.operations) == ("503", "inferred", {"listVideos"})


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        ({}, 1),
        ({"times": 7}, 7),
        ({"times": 7.0}, 7),
        ({"sticky": True}, None),
        ({"sticky": False}, 1),
        ({"sticky": False, "times": 2}, 2),
        ({"share": 0.5}, None),
        ({"share": 0.5, "times": 2}, 2),
        ({"call": 3, "operation": "getVideo"}, 1),
        ({"call": [3, 5], "operation": "getVideo"}, 2),
        ({"call": [3, 5]}, None),
        ({"call": [3, 5], "times": 1}, 1),
        ({"call": 3, "sticky": True}, None),
        ({"call": 3, "share": 0.5, "operation": "getVideo"}, 1),
    ],
)
def test_how_often_a_rule_acts(rule: dict[str, Any], times: int | None) -> None:
    """Once; with calls once for each; with a share for ever. None is for ever."""
    assert one(fault="bad-gateway", **rule).times == times


def test_rule_keeps_its_words() -> None:
    """As it was given, so that it can be shown and given again."""
    given = {"fault": "bad-gateway", "call": [2.0, 3], "video": 5, "share": 0.5, "operation": "getVideo"}
    rule = one(**given)
    assert rule.data == given
    assert (rule.calls, rule.video, rule.share, rule.operations) == ({2, 3}, 5, 0.5, {"getVideo"})
    assert read(rule.data) == (rule,)


@pytest.mark.parametrize("fault", [each for each in CATALOGUE if each.kind != "wire"], ids=lambda each: each.name)
def test_headers_come_with_every_answer(fault: Any) -> None:
    """On top of its own, in small letters as they go over the wire."""
    rule = one(fault=fault.name, headers={"Retry-After": "30", "X-Note": ""})
    assert isinstance(rule.action, Documented | Undocumented)
    assert list(rule.action.headers)[-2:] == [(b"retry-after", b"30"), (b"x-note", b"")]


# What is wrong


@pytest.mark.parametrize(
    ("rule", "place", "said"),
    [
        ({}, "", "must have either fault or status, got neither"),
        ({"times": 1}, "", "must have either fault or status, got neither"),
        ({"body": "x"}, "", "must have either fault or status, got neither"),
        ({"fault": "bad-gateway", "status": 502}, "", "must have either fault or status, got both"),
        ({"fault": "acount-busy"}, "/fault", "acount-busy (did you mean account-busy?)"),
        ({"fault": "Account_Busy"}, "/fault", "Account_Busy (did you mean account-busy?)"),
        ({"fault": "conection reset"}, "/fault", "(did you mean connection-reset?)"),
        ({"fault": "nonsense"}, "/fault", "bad-request, "),
        ({"fault": ""}, "/fault", "must be from 1 to 100 characters long"),
        ({"fault": "x" * 101}, "/fault", "must be from 1 to 100 characters long"),
        ({"fault": None}, "/fault", "must be a string, got null"),
        ({"fault": "bad-gateway", "operation": "upscale"}, "/operation", "upscale (did you mean upscaleVideo?)"),
        ({"fault": "bad-gateway", "operation": "pay"}, "/operation", "listVideos"),
        ({"status": 503, "body": "", "operation": "pay"}, "/operation", "listVideos"),
        (
            {"fault": "account-busy", "operation": "getVideo"},
            "/fault",
            "must be an answer of getVideo, got account-busy, which is one of upscaleVideo",
        ),
        ({"status": 418}, "/status", "(200, 201, 400, 401, 404, 412, 429, 596), got 418; with a body it is answered"),
        ({"status": 503, "headers": {"Retry-After": "3"}}, "/status", "got 503; with a body it is answered"),
        ({"status": 429, "operation": "getVideo"}, "/status", "404 video-processing, "),
        (
            {"status": 429, "example": "bad"},
            "/example",
            "(429 account-busy, 429 all-accounts-busy, 429 upstream-limit)",
        ),
        ({"status": 418, "example": "account-busy"}, "/example", "429 account-busy"),
        ({"status": 200, "example": "account-busy"}, "/example", "got account-busy with status 200"),
        (
            {"status": 429, "example": "accepted", "operation": "upscaleVideo"},
            "/example",
            "for upscaleVideo (200 accepted",
        ),
        ({"status": 199, "body": ""}, "/status", "must be from 200 to 599, got 199"),
        ({"status": 101, "body": ""}, "/status", "must be from 200 to 599, got 101"),
        ({"status": 600, "body": ""}, "/status", "must be from 200 to 599, got 600"),
        ({"status": "503", "body": ""}, "/status", 'must be an integer, got "503"'),
        ({"fault": "slow-body", "seconds": 601}, "/seconds", "must be at most 600 for slow-body, got 601"),
        ({"status": 204, "body": "x"}, "/body", "must be empty with status 204, which has no content"),
        ({"status": 304, "body": {}}, "/body", "must be empty with status 304, which has no content"),
        ({"status": 503, "body": NEST}, "/body/0/0/", "must be nested at most 50 levels deep"),
        ({"status": 503, "body": 10**30}, "/body", "must be text or JSON that can be written: "),
        ({"status": 503, "body": "\ud800"}, "/body", "must be text or JSON that can be written: "),
        ({"status": 503, "body": {"a": "\ud800"}}, "/body", "must be text or JSON that can be written: "),
        ({"status": 503, "body": float("nan")}, "/body", "must be a value that JSON has"),
        ({"fault": "bad-gateway", "times": -1}, "/times", "must be from 1 to 1000000000, got -1"),
        ({"fault": "bad-gateway", "times": 0}, "/times", "must be from 1 to 1000000000, got 0"),
        ({"fault": "bad-gateway", "times": 1.5}, "/times", "must be an integer, got 1.5"),
        ({"fault": "bad-gateway", "times": True}, "/times", "must be an integer, got true"),
        ({"fault": "bad-gateway", "times": 2, "sticky": True}, "", "must have either times or sticky, got times 2 and"),
        ({"fault": "bad-gateway", "sticky": "yes"}, "/sticky", "must be "),
        ({"fault": "bad-gateway", "call": 0}, "/call", "must be from 1 to 1000000000, got 0"),
        ({"fault": "bad-gateway", "call": []}, "/call", "must hold from 1 to 1000 items, got 0"),
        ({"fault": "bad-gateway", "call": [2, 2]}, "/call", "must hold no item twice"),
        ({"fault": "bad-gateway", "call": [2, -1]}, "/call/1", "must be from 1 to 1000000000, got -1"),
        ({"fault": "bad-gateway", "share": 1.01}, "/share", "must be from 0 to 1, got 1.01"),
        ({"fault": "bad-gateway", "share": -0.01}, "/share", "must be from 0 to 1, got -0.01"),
        ({"fault": "bad-gateway", "video": -1}, "/video", "must be from 0 to 999999999999999999, got -1"),
        ({"fault": "bad-gateway", "video": 1e30}, "/video", "must be from 0 to 999999999999999999, got 1"),
        ({"fault": "bad-gateway", "video": "5"}, "/video", 'must be an integer, got "5"'),
        ({"fault": "latency"}, "", "latency must have seconds, got none"),
        ({"fault": "latency", "seconds": -1}, "/seconds", "must be from 0 to 1000000, got -1"),
        ({"fault": "latency", "seconds": 1_000_001}, "/seconds", "must be from 0 to 1000000, got 1000001"),
        ({"fault": "latency", "seconds": {"from": 3, "to": 2}}, "/seconds", "from must be at most to, got 3 and 2"),
        (
            {"fault": "latency", "seconds": {"from": 3}},
            "/seconds",
            "must be a number, or {from, to}, or {median, sigma}",
        ),
        ({"fault": "latency", "seconds": {"median": 1, "sigma": -1}}, "/seconds", "must be a number, or {from, to}"),
        ({"fault": "latency", "seconds": "3"}, "/seconds", 'or {median, sigma}, got "3"'),
        ({"fault": "slow-body", "seconds": {"from": 1, "to": 2}}, "/seconds", "must be a number for slow-body, got "),
        ({"fault": "latency", "seconds": 1, "handled": True}, "/handled", "handled means nothing for latency"),
        ({"fault": "slow-body", "handled": True}, "/handled", "handled means nothing for slow-body"),
        ({"fault": "lost-reply", "handled": True}, "/handled", "handled means nothing for lost-reply"),
        ({"fault": "truncated-body", "handled": True}, "/handled", "handled means nothing for truncated-body"),
        ({"fault": "malformed-json", "seconds": 1}, "/seconds", "seconds means nothing for malformed-json"),
        ({"fault": "connection-reset", "seconds": 1}, "/seconds", "seconds means nothing for connection-reset"),
        ({"fault": "connection-reset", "headers": {}}, "/headers", "headers means nothing for connection-reset"),
        ({"fault": "bad-gateway", "body": "x"}, "/body", "body means nothing for bad-gateway"),
        ({"fault": "bad-gateway", "example": "x"}, "/example", "example means nothing for bad-gateway"),
        ({"fault": "bad-gateway", "seconds": 1}, "/seconds", "seconds means nothing for bad-gateway"),
        (
            {"fault": "account-busy", "body": "x"},
            "/body",
            "body means nothing for account-busy, an answer of the contract",
        ),
        ({"fault": "account-busy", "handled": True}, "/handled", "handled means nothing for account-busy"),
        ({"status": 429, "seconds": 1}, "/seconds", "seconds means nothing for a documented answer"),
        (
            {"status": 503, "body": "", "example": "x"},
            "/example",
            "example means nothing for an answer with a body of its",
        ),
        (
            {"status": 503, "body": "", "handled": True},
            "/handled",
            "handled means nothing for an answer with a body of",
        ),
        *(
            ({"fault": "bad-gateway", "headers": {name: "5"}}, f"/headers/{name}", "must be left to the server")
            for name in (
                "Content-Length",
                "TRANSFER-ENCODING",
                "connection",
                "Keep-Alive",
                "upgrade",
                "Trailer",
                "TE",
                "Date",
            )
        ),
        *(
            ({"fault": "account-busy", "headers": {"X-Note": value}}, "/headers/X-Note", "must be printable ASCII")
            for value in ("a\r\nSet-Cookie: b", "a\n", "\x00", "\x7f", "é")
        ),
        *(
            ({"fault": "account-busy", "headers": {name: "a"}}, "/headers", "")
            for name in ("", "a b", "a:", "a\r\nb", "é", "x" * 101)
        ),
        ({"fault": "bad-gateway", "headers": {"X-Note": 5}}, "/headers/X-Note", "must be a string, got 5"),
        ({"fault": "bad-gateway", "headers": {"X-Note": "x" * 1001}}, "/headers/X-Note", "characters long"),
        ({"fault": "bad-gateway", "headers": [["a", "b"]]}, "/headers", "must be an object"),
        (
            {"fault": "bad-gateway", "headers": {f"a{n}": "" for n in range(51)}},
            "/headers",
            "must have at most 50 keys",
        ),
        ({"fault": "bad-gateway", "opertion": "getVideo"}, "/opertion", "opertion (did you mean operation?)"),
        ("account-busy", "", 'must be an object, got "account-busy"'),
        (None, "", "must be an object, got null"),
        ([], "", "must be an object, got []"),
    ],
)
def test_bad_rule_is_one_sentence(rule: Any, place: str, said: str) -> None:
    """With its place, behind a good rule; the sentence is one line, and not endless."""
    with pytest.raises(ScenarioError) as caught:
        read({"fault": "bad-gateway"}, rule)
    text = str(caught.value)
    assert text.startswith(f"scenario: /faults/1{place}")
    assert said in text
    assert text.isprintable()
    assert len(text) < 1_000


def test_line_of_a_bad_rule_is_told(tmp_path: Any) -> None:
    """As it stands in the file."""
    file = tmp_path / "plan.yaml"
    file.write_text(
        "description: mine\nfaults:\n  - fault: bad-gateway\n  - fault: account-busy\n    operation: getVideo\n"
    )
    with pytest.raises(ScenarioError, match=r"line 4: /faults/1/fault: must be an answer of getVideo"):
        Scenario.load(file, catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("faults: &all\n  - *all\n", "aliases are not read here"),
        ("a: &a [x]\nfaults: [*a, *a]\n", "aliases are not read here"),
        ("faults: !!python/object/apply:os.system [x]\n", "tags are not read here"),
        ("faults: [" + "[" * 100 + "]" * 100 + "]\n", "nested deeper than"),
        ("faults:\n" + "  - {fault: bad-gateway}\n" * 1_001, "must hold at most 1000 items, got 1001"),
        ("faults: {fault: bad-gateway}\n", "must be an array"),
        ("faults: [{fault: bad-gateway, fault: latency}]\n", "the key 'fault' stands twice"),
    ],
)
def test_hostile_plan_is_one_sentence(tmp_path: Any, text: str, said: str) -> None:
    """Nothing of it is carried out, nor read for long."""
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(file, catalogue=CATALOGUE)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_plan_of_a_thousand_rules_is_read() -> None:
    """As many as there may be."""
    assert len(read(*[{"fault": "bad-gateway"}] * 1_000)) == 1_000


def test_mock_does_not_start_with_a_bad_plan() -> None:
    """It says where."""
    with pytest.raises(ScenarioError, match=r"--set faults: /faults/0/fault: .*did you mean bad-gateway\?"):
        Api(Settings(changes={"faults": "[{fault: badgateway}]"}))


# The contract's own list


def test_every_fault_is_known_somehow() -> None:
    """Its provenance is one of the four, and its name stands for one thing."""
    assert {fault.provenance for fault in CATALOGUE} <= PROVENANCES
    pairs = [(fault.name, fault.status) for fault in CATALOGUE]
    assert len(pairs) == len(set(pairs))
    assert {fault.name for fault in CATALOGUE} == set(CATALOGUE.names())


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"account-busy": NODES["bad-gateway"]}, "account-busy is the name of a documented answer, too"),
        ({"odd": {"status": 502}}, "odd misses or misuses 'body'"),
        ({"odd": {"wire": "tickled"}}, "odd misses or misuses 'tickled'"),
        ({"odd": {"spoils": "appetite"}}, "odd misses or misuses spoils: 'appetite'"),
        ({"odd": {"delays": False}}, "odd misses or misuses delays"),
        ({"odd": {}}, "odd misses or misuses 'delays'"),
        ({"odd": {"delays": True, "x-provenance": "inferred"}}, "odd misses or misuses 'summary'"),
        ({"odd": {"delays": True, "summary": "Late"}}, "odd misses or misuses 'x-provenance'"),
    ],
)
def test_bad_list_is_a_contract_error(faults: dict[str, Any], said: str) -> None:
    """It names the entry."""
    contract = Contract(Document({**DOCUMENT.data, "x-faults": {"faults": faults}}, DOCUMENT.text))
    with pytest.raises(ContractError) as caught:
        Catalogue(contract)
    assert said in str(caught.value)
