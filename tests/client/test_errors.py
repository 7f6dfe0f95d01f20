"""The tree of errors, and what one says."""

import pickle
import re

import pytest

import contracts.client.errors as module
from contracts.client import ClientError, errors


def classes() -> list[type[ClientError]]:
    """All of the tree."""
    return [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, ClientError)]


def test_drawing_shows_every_class_beneath_its_parent() -> None:
    """The tree at the top of the module is the one in the code."""
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (module.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z][A-Za-z]+)(?=  |$)", line):
            depth = len(found[1]) // 4
            above = [*above[:depth], found[2]]
            drawn[found[2]] = above[depth - 1] if depth else ""
    assert drawn == {each.__name__: "" if each is ClientError else each.__mro__[1].__name__ for each in classes()}


@pytest.mark.parametrize("kind", classes())
def test_error_survives_pickling(kind: type[ClientError]) -> None:
    """Pools of processes send errors home."""
    error = kind("no", operation="upscaleVideo", status=429, attempt=2, retry_after=3.5)
    error.video_id = "x"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_words_of_an_error() -> None:
    """Operation, status, the API's text, which attempt, what to do: in one line."""
    error = errors.BadRequest("because.", operation="upscaleVideo", status=400, attempt=2)
    assert str(error) == (
        "upscaleVideo: 400 because (attempt 2). Next: correct the request; the same one is refused again"
    )


def test_message_is_short_and_harmless() -> None:
    """Whatever a proxy sends."""
    error = errors.Unavailable("\x1b[31mred\n\n" + "x" * 10_000)
    assert str(error).isprintable()
    assert len(str(error)) < 700


def test_secret_is_taken_out() -> None:
    """From the text, and from what led to it."""
    error = errors.BadRequest("bad token user:12345-demo")
    error.__cause__ = errors.Unavailable("broken: user:12345-demo")
    error.hide("user:12345-demo")
    assert "demo" not in str(error.__cause__)
    assert "demo" not in str(error)
    assert "demo" not in repr(error)


def test_undecided_says_what_to_look_for() -> None:
    """By the reference."""
    assert "replyRef 'abc'" in str(errors.Undecided("lost", reply_ref="abc"))
