"""The README: its commands run, and nothing that can be chosen is missing from it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml

from live import serving
from mockserver.cli import cli
from mockserver.scenario import names
from mockserver.spec import Contract

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_python_example_runs() -> None:
    """Each Python block runs as it stands, behind those above it."""
    assert blocks("python")
    known: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), known)


def test_first_five_minutes_give_what_they_say(tmp_path: Path) -> None:
    """The bash blocks, run in their order: a list, a 200, the scheduler, a 429, a file that plays, a 596 cleared."""
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("bash and curl are not installed")
    with serving("--speed", "60") as mock:
        script = "\n".join(["set -eu", *blocks("bash")]).replace("http://127.0.0.1:8596", mock.url)
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
        )
        accounts = requests.get(
            f"{mock.url}/__mock/accounts", headers={"Authorization": "Bearer user:12345-demo"}, timeout=10
        ).json()["data"]
    printed = done.stdout
    assert '"data":[{"video_id":"user:12345-pixverse:demo@example.com-video:' in printed
    assert len(re.findall(r'\{"video_id":"[^"]+"\}', printed)) == 5
    assert '"replyRef":"order-17"' in printed
    assert printed.count('{"error":"Account demo@example.com is busy executing 3 tasks."}') == 1
    assert (tmp_path / "upscaled.mp4").read_bytes()[4:8] == b"ftyp"
    assert '"mode":"real","speed":60.0' in printed
    assert printed.count('"video_status_name":"COMPLETED","video_status_final":true') > 1
    assert '"retries":[5,300]' in printed
    assert '"pendingError":true' in printed
    assert [account["pendingError"] for account in accounts] == [False]


def test_second_terminal_shows_the_callbacks(tmp_path: Path) -> None:
    """The mock at speed 60, `mockserver listen`, and the README's one curl."""
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("bash and curl are not installed")
    command = next(block for block in blocks("console") if "curl" in block).removeprefix("$ ")
    with serving("--speed", "60") as mock, listening(tmp_path) as (address, lines):
        script = command.replace("http://127.0.0.1:8596", mock.url).replace("http://127.0.0.1:9000", address)
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30, check=True)
        shown = [next(lines)]
        while " COMPLETED " not in shown[-1]:
            shown.append(next(lines))
    video_id = re.findall(r'"video_id":"([^"]+)"', done.stdout)[0]
    assert all(video_id in line and "replyRef=order-18 -> 200" in line for line in shown)
    assert " GENERATING " in shown[0]


@contextmanager
def listening(folder: Path) -> Iterator[tuple[str, Iterator[str]]]:
    """`mockserver listen` as on a terminal: its address, and its lines as they come."""
    port_file = folder / "port"
    options = ["--port", "0", "--port-file", str(port_file), "--format", "text"]
    arguments = [sys.executable, "-m", "mockserver", "listen", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = next(process.stdout)
            yield re.findall(r"http://[^ ]+", first)[0], process.stdout
        finally:
            process.terminate()


def test_every_option_of_serve_is_told() -> None:
    """The table has them all."""
    options = {option for parameter in cli.commands["serve"].params for option in parameter.opts}
    missing = {option for option in options if f"`{option}" not in README}
    assert not missing


def test_every_trigger_is_told() -> None:
    """The table of numbers has them all."""
    triggers = Contract.load().triggers["upscaleVideo"]
    table = README[README.index("| number | answer |") :].split("\n\n")[0]
    assert set(
        map(
            int, re.findall(r"\b\d+\b(?=[^|]*\|)", "\n".join(row.split("|")[1] + "|" for row in table.splitlines()[2:]))
        )
    ) == set(triggers)


def test_every_ready_made_scenario_is_told() -> None:
    """By its name."""
    assert all(f"`{name}`" in README for name in names())


def test_every_switch_of_the_scenario_is_told() -> None:
    """Each key of answers and callbacks stands in a table or in the text."""
    schema = yaml.safe_load((ROOT / "mockserver" / "scenarios" / "schema.yaml").read_text(encoding="utf-8"))
    answers = {f"answers.{key}" for key in schema["properties"]["answers"]["properties"]}
    callbacks = {f"| `{key}` |" for key in schema["properties"]["callbacks"]["properties"]}
    missing = {key for key in answers | callbacks if key not in README}
    assert not missing


def test_every_path_in_the_map_exists() -> None:
    """What the README says where to find is there."""
    table = README[README.index("| to find | look in |") :].split("\n\n")[0]
    paths = re.findall(r"`([\w/.]+)`", table)
    homes = [ROOT, ROOT / "mockserver"]
    assert paths
    assert all(any((home / path).exists() for home in homes) for path in paths)
