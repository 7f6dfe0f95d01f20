"""A command in the hands of a runner: what plays a file again, and what is told in the end."""

from pathlib import Path

from contracts.explore.atoms import Atom
from contracts.explore.client import replay, story
from contracts.explore.exploring import Explored, Found
from contracts.grade.run import Options
from explore.toys import ORDER, TWICE, broken

FILE = Path("found.yaml")


def found(*, steady: bool = True) -> Found:
    """A lost answer."""
    atoms = (Atom("submit", ("lost-reply", 0, 1)),)
    return Found(broken(TWICE)[0], atoms, atoms, steady)


def test_command_that_plays_it_again_is_as_short_as_it_gets() -> None:
    """What is as usual is not said."""
    assert replay(Options(command=("python", "my client.py")), FILE) == (
        "contracts grade --scenario found.yaml -- python 'my client.py'"
    )


def test_command_that_plays_it_again_runs_the_client_as_it_was_run() -> None:
    """Else it might not happen."""
    options = Options(command=("./client",), speed=30, scale=20, fast_forward=4, timeout=12.5, intercept=True)
    assert replay(options, Path("a b.yaml")) == (
        "contracts grade --scenario 'a b.yaml' --speed 30 --client-scale 20 --fast-forward 4 --timeout 12.5"
        " --intercept -- ./client"
    )


def test_secrets_of_a_command_are_not_told() -> None:
    """A file is handed on."""
    told = replay(Options(command=("client", "--token", "user:12345-demo")), FILE)
    assert "user:12345-demo" not in told
    assert told.startswith("contracts grade --scenario found.yaml -- client --token ")


def test_what_came_of_it_is_told_in_sentences() -> None:
    """What happens, how often it was tried, and whether it happens each time."""
    assert story(Explored(found(), 12, 20), 65) == [
        "submit/once is broken where this happens: the first upscale: it is accepted and its answer lost",
        "12 cases tried, 20 runs in 1 min 5 s",
    ]
    assert "not happen each time" in story(Explored(found(steady=False), 12, 20), 65)[1]
    assert story(Explored(None, 1, 2), 3) == ["no rule was broken: 1 case tried, 2 runs in 3 s"]
    assert story(Explored(None, 1, 2, (), [found(steady=False)]), 3)[1] == (
        "submit/once was broken once, and not again, where: the first upscale: it is accepted and its answer lost"
    )
    assert story(Explored(None, 1, 2, broken(ORDER)), 3) == ["no other rule was broken: 1 case tried, 2 runs in 3 s"]
