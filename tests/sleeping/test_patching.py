"""What stands in for the functions that sleep and tell the time: where, for how long, and what it looks like."""

import asyncio
import copy
import inspect
import pickle
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep as nap
from types import ModuleType
from typing import Any

import pytest

from mockserver.api import Api
from mockserver.sleeping import Slept, sleeping
from sleeping.sight import REAL, standing

MODULE = """
import asyncio, time
from asyncio import sleep as rest
from time import monotonic as told, sleep
def positional(sleep=time.sleep): sleep(1)
def named(*, sleep=time.sleep): sleep(1)
class Client:
    pause = time.sleep
    static = staticmethod(time.sleep)
    def __init__(self, sleep=time.sleep): self.sleep = sleep
    @classmethod
    def made(cls, sleep=time.sleep): sleep(1)
kept = [time.sleep]
calls = (
    lambda: sleep(1), positional, named, lambda: Client.pause(1), lambda: Client().pause(1),
    lambda: Client.static(1), lambda: Client().static(1), lambda: Client().sleep(1), Client.made,
)
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Loads modules of the text above, under names that are gone when the test ends."""
    monkeypatch.syspath_prepend(tmp_path)
    names = []

    def make(name: str) -> Any:
        (tmp_path / f"{name}.py").write_text(MODULE)
        names.append(name)
        return __import__(name)

    yield make
    for name in names:
        del sys.modules[name]


def test_names_that_are_bound_already_are_covered(load: Callable[[str], Any], api: Api) -> None:
    """At the top of a module, in a class, as a default; what an object has kept is not. All is put back."""
    module = load("bound_before")
    before = {name: value for name, value in vars(module).items() if name != "__builtins__"}
    with sleeping(api) as slept:
        for number, call in enumerate(module.calls, 1):
            call()
            assert slept.slept == number
        asyncio.run(module.rest(1))
        assert slept.slept == len(module.calls) + 1
        assert module.told() > REAL[3]()
        assert module.kept == [REAL[0]]
    assert {name: value for name, value in vars(module).items() if name != "__builtins__"} == before
    assert module.positional.__defaults__ == (REAL[0],)
    assert module.named.__kwdefaults__ == {"sleep": REAL[0]}
    assert vars(module.Client)["static"].__func__ is vars(module.Client)["pause"] is REAL[0]
    assert module.Client.made.__func__.__defaults__ == module.Client.__init__.__defaults__ == (REAL[0],)


def test_names_that_are_bound_meanwhile_are_put_back(load: Callable[[str], Any], api: Api) -> None:
    """And covered from then on, as others are."""
    with sleeping(api) as slept:
        module = load("bound_meanwhile")
        for call in module.calls:
            call()
        assert slept.slept == len(module.calls)
    assert (module.sleep, module.rest, module.told) == (REAL[0], REAL[5], REAL[3])
    assert module.named.__kwdefaults__ == {"sleep": REAL[0]}
    with sleeping(api) as slept:
        module.positional()
        module.Client().sleep(1)
        assert slept.slept == 2


def test_what_has_kept_a_stand_in_sleeps_for_real_afterwards(api: Api) -> None:
    """Nothing of a mock that is gone."""
    with sleeping(api) as slept:
        kept, told = time.sleep, time.monotonic
        kept(10)
    begun = time.perf_counter()
    kept(0.01)
    assert time.perf_counter() - begun >= 0.01
    assert told() - REAL[3]() < 1
    assert slept.slept == 10


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit, SystemExit])
def test_all_is_put_back_when_something_is_raised(api: Api, error: type[BaseException]) -> None:
    """Whatever it is; a sleep on the way out moves the mock, too."""
    before, told = standing(), list[Slept]()

    def story() -> None:
        with sleeping(api) as slept:
            told.append(slept)
            try:
                raise error
            finally:
                time.sleep(10)

    with pytest.raises(error):
        story()
    assert standing() == before
    assert told[0].slept == 10


def test_interrupted_sleep_is_over(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C ends a real one; the next one moves time as ever."""
    with sleeping(api) as slept:
        with monkeypatch.context() as patch:

            def interrupt(*_: object, **__: object) -> None:
                raise KeyboardInterrupt

            patch.setattr("mockserver.sleeping.threads.Threads.traces", interrupt)
            with pytest.raises(KeyboardInterrupt):
                time.sleep(10)
        time.sleep(5)
        assert slept.slept == 5


def test_what_a_test_puts_there_itself_stays(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under our stand-in or above it; and what it puts back too late does no harm."""
    paused: list[float] = []
    monkeypatch.setattr(sys.modules[__name__], "nap", paused.append)
    with sleeping(api) as slept:
        nap(10)
        monkeypatch.setattr(time, "sleep", paused.append)
        time.sleep(20)
    time.sleep(30)
    assert paused == [10, 20, 30]
    assert slept.slept == 0
    monkeypatch.undo()
    begun = time.perf_counter()
    time.sleep(0.01)
    assert time.perf_counter() - begun >= 0.01
    with sleeping(api) as slept:
        time.sleep(10)
    assert (slept.slept, time.sleep) == (10, REAL[0])


def test_standard_library_and_pytest_keep_theirs(slept: Slept) -> None:
    """Under the names that they have bound."""
    stood_in = {module.partition(".")[0] for (module, _), what in standing().items() if what != "real"}
    assert {"time", "asyncio", "anyio"} <= stood_in
    assert stood_in & {*sys.stdlib_module_names, "_pytest", "execnet", "mockserver", "xdist"} == {"time", "asyncio"}


@pytest.mark.parametrize(
    "seconds", [-1, -0.5, float("nan"), float("inf"), -float("inf"), 10**10, 10**30, "1", None, 1j, b"1"], ids=repr
)
def test_bad_sleep_is_the_usual_error(api: Api, seconds: Any) -> None:
    """That of time.sleep, and no time passes."""
    with pytest.raises((ValueError, OverflowError, TypeError)) as usual:
        REAL[0](seconds)
    with sleeping(api) as slept, pytest.raises(type(usual.value), match=f"^{re.escape(str(usual.value))}$"):
        time.sleep(seconds)
    assert slept.slept == 0


def test_sleep_without_or_with_too_much_is_an_error(slept: Slept) -> None:
    """Of the same kind as ever."""
    sleep: Any = time.sleep
    for bad in (sleep, lambda: sleep(1, 2), lambda: sleep(seconds=1)):
        with pytest.raises(TypeError):
            bad()


@dataclass
class _Index:
    value: int

    def __index__(self) -> int:
        return self.value


def test_sleep_takes_what_time_sleep_takes(slept: Slept) -> None:
    """Any whole number, a truth, nothing."""
    sleep: Any = time.sleep
    for seconds in (_Index(3), True, 0, 0.0, False):
        assert sleep(seconds) is None
    assert slept.slept == 4


def test_stand_ins_look_like_what_they_stand_for(slept: Slept) -> None:
    """By name, signature, kind and copy; they say what they are when they are shown."""
    assert copy.deepcopy(time.sleep) is copy.copy(time.sleep) is time.sleep
    assert pickle.loads(pickle.dumps(time.monotonic)) is time.monotonic
    assert (time.sleep.__name__, time.time.__module__) == ("sleep", "time")
    assert time.sleep.__doc__ == REAL[0].__doc__
    assert repr(time.sleep) == "<time.sleep in the time of a mock>"
    assert inspect.iscoroutinefunction(asyncio.sleep)
    assert str(inspect.signature(asyncio.sleep)) == "(delay, result=None)"


def test_both_units_tell_the_same(slept: Slept) -> None:
    """Seconds and nanoseconds."""
    time.sleep(1_000.25)
    assert time.time_ns() / 1e9 == pytest.approx(time.time(), abs=1)
    assert time.monotonic_ns() / 1e9 == pytest.approx(time.monotonic(), abs=1)
    assert time.time() - REAL[1]() == pytest.approx(1_000.25, abs=0.1)
    assert time.perf_counter() == pytest.approx(REAL[3](), abs=500)


class _Proxy:
    """What wakes up when it is asked what it is."""

    @property
    def __class__(self) -> type:  # type: ignore[override]
        raise AssertionError("woken up")


def test_modules_are_looked_at_without_waking_anything(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what stands in them, nor modules that load more when they are asked for an attribute."""

    class Lazy(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError("woken up")

    lazy, plain = Lazy("lazy_module"), ModuleType("plain_module")
    spaces: list[dict[str, Any]] = [object.__getattribute__(module, "__dict__") for module in (lazy, plain)]
    for space in spaces:
        space.update(sleep=REAL[0], proxy=_Proxy(), kind=type("Kind", (), {"proxy": _Proxy()}))
    for name, module in (("lazy_module", lazy), ("plain_module", plain), ("no_module", _Proxy()), ("none", None)):
        monkeypatch.setitem(sys.modules, name, module)
    with sleeping(api) as slept:
        for space in spaces:
            space["sleep"](1)
        assert slept.slept == 2
    assert [space["sleep"] for space in spaces] == [REAL[0], REAL[0]]
