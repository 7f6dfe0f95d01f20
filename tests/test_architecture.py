"""The rings of the design, held by reading the source."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, Final

import pytest

import sources
from document import document
from sources import ROOT, Module, imports, modules, under, within

_OUTSIDE_WORLD: Final = {
    *("time", "threading", "socket", "os", "uuid", "asyncio", "subprocess", "io", "pathlib"),
    *("_thread", "multiprocessing", "selectors", "ssl", "shutil", "tempfile", "secrets", "importlib"),
}
_READS_TIME: Final[dict[str, tuple[set[str], str]]] = {
    "mockserver.clock": ({"time_ns", "monotonic_ns", "time", "perf_counter", "sleep"}, "it is the clock"),
    "mockserver.sleeping.standing_in": (
        {"time_ns", "monotonic_ns", "time", "monotonic", "sleep"},
        "it puts others in their place",
    ),
}
"""Modules of the mock that may use `time`: the names they may use, and why."""

_MEMOS: Final = {
    "mockserver.compiled": "shared",
    "mockserver.control.door": "_contract",
    "mockserver.media": "_content",
    "mockserver.protocol": "_status_line",
    "mockserver.request_log": "_time, _status",
    "mockserver.scenario_form": "_form",
    "mockserver.sleeping.places": "_everywhere, _of_module",
}
"""Modules with functions that remember their own results: pure ones, of a handful of arguments, so no state; or such
as look at the modules that are loaded."""

_STATUSES: Final = {200, 201, 400, 401, 402, 404, 412, 422, 429, 500, 596}
_VAGUE: Final = {"utils", "common", "helpers", "base", "manager"}
_LONGEST_MODULE: Final = 400
_MEDIAN_MODULE: Final = 150
_SHORTEST_TEXT: Final = 12


def _names(found: list[Module]) -> list[str]:
    return [module.name for module in found]


def _offences(found: list[Module], look: Callable[[Module], Iterator[str]]) -> list[str]:
    assert found, "there is nothing to look at"
    return [f"{module.name}: {offence}" for module in found for offence in look(module)]


def _foreign_to_domain(module: Module) -> Iterator[str]:
    for name in imports(module):
        top = name.partition(".")[0]
        if within(name, "mockserver.domain"):
            continue
        if top not in sys.stdlib_module_names or top in _OUTSIDE_WORLD:
            yield f"imports {name}"


def test_domain_imports_only_itself_and_the_pure_part_of_the_standard_library() -> None:
    """The domain can't reach the clock, the network, the disk or another ring."""
    assert _offences(under("mockserver.domain"), _foreign_to_domain) == []


def test_domain_never_reads_a_clock() -> None:
    """`now` is an argument; datetime's now, utcnow and today are not called."""
    assert _offences(under("mockserver.domain"), sources.clock_reads) == []


def test_domain_does_no_input_or_output_with_builtins() -> None:
    """Not even the builtins that need no import."""
    banned = {"open", "print", "input", "__import__", "exec", "eval"}
    assert _offences(under("mockserver.domain"), lambda module: sources.builtin_calls(module, banned)) == []


def test_mock_has_no_global_randomness() -> None:
    """Only the class Random is used, and no generator is made while a module loads."""
    assert _offences(under("mockserver"), sources.global_randomness) == []


def test_spec_knows_neither_domain_nor_web() -> None:
    """The contract's reading depends on nothing that answers requests."""
    banned = ("mockserver.domain", "mockserver.web", "mockserver.api", "mockserver.runtime", "flask")

    def foreign(module: Module) -> Iterator[str]:
        return (name for name in imports(module) if any(within(name, prefix) for prefix in banned))

    assert _offences(under("mockserver.spec"), foreign) == []


@pytest.mark.parametrize(("package", "other"), [("mockserver", "contracts"), ("contracts", "mockserver")])
def test_mock_and_contract_tests_never_import_each_other(package: str, other: str) -> None:
    """They meet over HTTP and read the contract apart, so that an error in one reading shows."""

    def crossing(module: Module) -> Iterator[str]:
        return (name for name in imports(module) if within(name, other))

    assert _offences(under(package), crossing) == []


_JUDGES: Final = (
    *("contracts.grade.rubric", "contracts.grade.watched", "contracts.grade.judging", "contracts.grade.telling"),
    *("contracts.grade.document", "contracts.grade.hopeless"),
    *("contracts.explore.atoms", "contracts.explore.search", "contracts.explore.shrink", "contracts.explore.proposals"),
)
_ITS_OWN_FORM: Final = "importlib.resources.files"
"""How the module that knows the form of a journal finds the file beside it."""


def test_who_judges_a_client_touches_nothing() -> None:
    """The rubric and the search are pure: no time, process, socket, lock or global randomness."""

    def foreign(module: Module) -> Iterator[str]:
        for name in imports(module):
            top = name.partition(".")[0]
            if (top in _OUTSIDE_WORLD and name != _ITS_OWN_FORM) or top == "requests":
                yield f"imports {name}"
        yield from sources.global_randomness(module)
        yield from sources.clock_reads(module)

    found = [module for module in modules() if any(within(module.name, prefix) for prefix in _JUDGES)]
    assert len(found) > 15
    assert _offences(found, foreign) == []


def test_only_the_clock_reads_real_time() -> None:
    """`time` is used where the list above says, and of it only what the list says."""
    found = {
        f"{module.name}: time.{name}"
        for module in under("mockserver")
        for name in sources.time_reads(module) - _READS_TIME.get(module.name, (set(), ""))[0]
    }
    assert found | set(_offences(under("mockserver"), sources.clock_reads)) == set()


@pytest.mark.parametrize("name", _READS_TIME)
def test_permission_to_read_real_time_is_still_needed(name: str) -> None:
    """The list only holds modules that use all it permits, each with a reason."""
    permitted, reason = _READS_TIME[name]
    module = next((module for module in modules() if module.name == name), None)
    assert module is not None, f"{name} is gone: take it off the list"
    assert sources.time_reads(module) == permitted
    assert reason


def test_only_the_runtime_makes_locks() -> None:
    """A sandbox is plain data behind one lock."""
    found = [module for module in under("mockserver") if module.name != "mockserver.runtime"]
    assert _offences(found, sources.locks) == []
    assert list(sources.locks(next(iter(under("mockserver.runtime")))))


def test_seam_is_reached_without_flask_or_sockets() -> None:
    """No module of ours that loads with the seam imports what serves or calls over a network."""
    loaded = sources.loading_imports("mockserver.api")
    assert "orjson" in loaded
    networked = ("flask", "werkzeug", "uvicorn", "requests", "urllib3", "socket", "ssl", "asyncio", "http.client")
    assert [name for name in loaded if any(within(name, prefix) for prefix in networked)] == []


def test_seam_loads_no_server_through_its_dependencies() -> None:
    """Nor do the packages it uses bring one in. (`socket` comes with jsonschema-rs, by way of `email`.)"""
    code = (
        "import sys; import mockserver.api; "
        "print(*{'flask', 'werkzeug', 'ssl', 'asyncio', 'uvicorn', 'http.client'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_domain_knows_no_http_status() -> None:
    """Which status a refusal has is the contract's business."""

    def statuses(module: Module) -> Iterator[str]:
        return (f"{value} in line {line}" for value, line in sources.integers(module) if value in _STATUSES)

    assert _offences(under("mockserver.domain"), statuses) == []


def test_no_module_has_a_vague_name() -> None:
    """A module is named for what it holds."""
    assert [name for name in _names(list(modules())) if _VAGUE & set(name.split("."))] == []


def test_no_module_keeps_state() -> None:
    """Two mocks in one process never see each other; `sources.module_state` says how this is decided."""

    def state(module: Module) -> Iterator[str]:
        memos = _MEMOS.get(module.name, "").split(", ")
        return (found for found in sources.module_state(module) if found.split()[0] not in memos)

    assert _offences(under("mockserver"), state) == []


@pytest.mark.parametrize(("name", "functions"), _MEMOS.items())
def test_permission_to_remember_is_still_needed(name: str, functions: str) -> None:
    """The list only holds functions that keep a cache."""
    module = next(module for module in modules() if module.name == name)
    found = {offence.split()[0] for offence in sources.module_state(module) if "keeps a cache" in offence}
    assert found == set(functions.split(", "))


def test_no_module_is_long() -> None:
    """Past this length a module wants a split."""
    assert [(m.name, m.lines) for m in modules() if m.lines > _LONGEST_MODULE] == []


def test_modules_are_short_as_a_rule() -> None:
    """The median says whether the code comes in small parts."""
    assert median(module.lines for module in modules()) <= _MEDIAN_MODULE


def vendor_texts(contract: Any) -> set[str]:
    """The fixed parts of every error text in the contract's examples."""
    texts: set[str] = set()
    if isinstance(contract, dict):
        value = contract.get("value")
        if isinstance(value, dict) and isinstance(text := value.get("error"), str):
            texts.update(part.strip() for part in re.split(r"<[^<>]*>", text))
        contract = list(contract.values())
    if isinstance(contract, list):
        for node in contract:
            texts |= vendor_texts(node)
    return {text for text in texts if len(text) >= _SHORTEST_TEXT}


def test_vendor_texts_stand_in_the_contract_alone() -> None:
    """No string of the mock's code holds a text that a client reads from an error."""
    texts = vendor_texts(document())
    assert "All Credits have been used up. Please upgrade your membership or purchase credits." in texts

    def copies(module: Module) -> Iterator[str]:
        for literal, line in sources.strings(module):
            yield from (f"{text!r} in line {line}" for text in texts if text in literal)

    assert _offences(under("mockserver"), copies) == []


@pytest.mark.parametrize(
    ("look", "text"),
    [
        (_foreign_to_domain, "import flask"),
        (_foreign_to_domain, "def f():\n    import time"),
        (_foreign_to_domain, "from os import path"),
        (_foreign_to_domain, "from mockserver import api"),
        (_foreign_to_domain, "from .. import api"),
        (_foreign_to_domain, "from ..clock import RealClock"),
        (sources.clock_reads, "def f():\n    return datetime.now(UTC)"),
        (sources.clock_reads, "x = datetime.date.today()"),
        (sources.global_randomness, "import random"),
        (sources.global_randomness, "from random import Random\nDICE = Random(1)"),
        (sources.global_randomness, "from random import random"),
        (sources.locks, "from threading import Lock"),
        (sources.locks, "import threading\ndef f():\n    return threading.RLock()"),
        (sources.module_state, "cache = {}"),
        (sources.module_state, "SEEN: list[int] = []"),
        (sources.module_state, "seen: Final = [x for x in y]"),
        (sources.module_state, "WORLDS = defaultdict(dict)"),
        (sources.module_state, "TABLE: Final = {}\ndef f():\n    TABLE[1] = 2"),
        (sources.module_state, "TABLE: Final = set()\ndef f():\n    TABLE.add(2)"),
        (sources.module_state, "def f():\n    global x\n    x = 1"),
        (sources.module_state, "@functools.cache\ndef f():\n    return 1"),
    ],
)
def test_watch_sees_an_offence(look: Callable[[Module], Iterator[str]], text: str) -> None:
    """Each of the checks above fails on a module that does what it forbids."""
    assert list(look(Module("mockserver.domain.planted", text)))


@pytest.mark.parametrize(
    ("look", "text"),
    [
        (_foreign_to_domain, "from . import model\nfrom .model import Account\nfrom heapq import heappop"),
        (sources.clock_reads, "def f(clock):\n    return clock.now()"),
        (sources.global_randomness, "from random import Random\ndef f():\n    return Random(1)"),
        (sources.locks, "from mockserver.domain import Event\nimport threading\nthreading.Thread()"),
        (sources.module_state, "TABLE: Final = {1: 2}\n__all__ = ['f']\ndef f():\n    found = []\n    found.append(1)"),
    ],
)
def test_watch_lets_the_allowed_pass(look: Callable[[Module], Iterator[str]], text: str) -> None:
    """None of the checks fails on what the design permits."""
    assert list(look(Module("mockserver.domain.planted", text))) == []
