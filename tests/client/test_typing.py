"""What a user's type checker and a user's import see."""

import subprocess
import sys
from pathlib import Path

import pytest

from sources import ROOT, imports, under, within

_USER: str = """
import asyncio
from collections.abc import Mapping
from typing import assert_type

from contracts.client import Accepted, Account, AsyncClient, Client, Inbox, Policy, RunningJob, Status, Video
from contracts.client.errors import Failed, NoCapacity, Undecided

with Client("user:1-a", policy=Policy(deadline=600)) as client:
    assert_type(client.upscale_video("x", reply_ref="r", once=True), Accepted)
    assert_type(client.upscale_and_wait("x", max_jobs=3), Video)
    assert_type(client.wait("x").status, Status)
    assert_type(client.list_accounts(), Mapping[str, Account])
    assert_type(client.list_running(), tuple[RunningJob, ...])
    for video in client.watch("x"):
        assert_type(video.output_width, int | None)
    try:
        client.upscale_video("x")
    except Undecided as error:
        assert_type(error.reply_ref, str)
    except NoCapacity as error:
        assert_type(error.retry_after, float | None)
    except Failed as error:
        assert_type(error.video, Video | None)


async def main() -> None:
    async with AsyncClient("user:1-a") as client:
        assert_type(await client.upscale_and_wait("x"), Video)
        async for video in client.watch("x"):
            assert_type(video, Video)


news = Inbox().receive(b"", {})
if news is not None:
    assert_type(news.video, Video)
asyncio.run(main())
"""

_WRONG: str = """
from contracts.client import Client

client = Client("user:1-a")
client.upscale_video()
client.upscale_video("x", max_jobs="3")
client.list_videos(emial="x")
client.wait("x").output_hight
"""


def mypy(folder: Path, text: str) -> list[str]:
    """The errors of a strict mypy in a user's file."""
    (folder / "user.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", ".mypy_cache"]
    found = subprocess.run(
        [*command, "--config-file=", str(folder / "user.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not found.stderr, found.stderr
    return found.stdout.splitlines()


@pytest.mark.slow
def test_user_is_type_checked(tmp_path: Path) -> None:
    """Every method has its arguments and its result, by both clients."""
    assert mypy(tmp_path, _USER) == []


@pytest.mark.slow
def test_mistakes_of_a_user_are_found(tmp_path: Path) -> None:
    """Names and types of arguments, names of fields."""
    assert len([line for line in mypy(tmp_path, _WRONG) if ": error:" in line]) == 4


def test_package_is_marked_as_typed() -> None:
    """Else no checker looks at it."""
    assert (ROOT / "contracts" / "py.typed").exists()


def test_client_imports_nothing_else_of_ours() -> None:
    """It can be taken out and used alone."""
    crossing = [
        f"{module.name}: {name}"
        for module in under("contracts.client")
        for name in imports(module)
        if within(name, "mockserver") or (within(name, "contracts") and not within(name, "contracts.client"))
    ]
    assert [each for each in crossing if not each.endswith(": contracts.client")] == []


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_import_loads_no_more_than_it_needs(name: str) -> None:
    """No Schemathesis, no mock, and not the other client's library."""
    strange = {"schemathesis", "hypothesis", "mockserver", "flask", "httpx" if name == "Client" else "requests"}
    code = f"import sys; from contracts.client import {name}; print(*{strange!r} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
