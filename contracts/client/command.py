"""`contracts upscale`: upscale videos from the command line, each once, and go on where the last run ended."""

import asyncio
import time
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click

from contracts.client.arguments import BASE_URL, base_url, video_id
from contracts.client.asynchronous import AsyncClient
from contracts.client.batch import Batch, Orders, finished_videos, saved
from contracts.client.display import display
from contracts.client.errors import ClientError, InvalidArgument, NotFound
from contracts.client.state import Job, State, StateError
from contracts.client.status import Status

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _option(name: str, **attributes: Any) -> Callable[[_Function], _Function]:
    variable = f"CONTRACTS_UPSCALE_{name.removeprefix('--').upper().replace('-', '_')}"
    return click.option(name, **{"envvar": variable, "show_default": True, "show_envvar": True, **attributes})


@click.command(short_help="Upscale videos, each once, and wait for them.")
@click.argument("video_ids", metavar="[VIDEO_ID]...", nargs=-1)
@_option("--all-finished", is_flag=True, help="Every finished video that is no upscale and has none.")
@_option("--wait", is_flag=True, help="Until every job has ended.")
@_option("--download", type=click.Path(path_type=Path), metavar="DIR", help="Save the videos there; waits for them.")
@_option(
    "--max-jobs", type=click.IntRange(1, 8), help="Jobs that may run on the account; else the account's own value."
)
@_option("--base-url", envvar="USEAPI_BASE_URL", default=BASE_URL, help="Scheme, host and port of the API or a mock.")
@_option("--token", envvar="USEAPI_TOKEN", help="The API token; better given by the variable.")
@_option(
    "--state", type=click.Path(path_type=Path), default=Path("contracts-upscale.json"), help="What was done so far."
)
@_option("--speed", type=float, default=1.0, help="Of a mock that was started with the same: waits are shorter by it.")
def upscale(
    *,
    video_ids: tuple[str, ...],
    all_finished: bool,
    wait: bool,
    download: Path | None,
    max_jobs: int | None,
    base_url: str,
    token: str | None,
    state: Path,
    speed: float,
) -> int:
    """Upscale videos, each once: wait for a free slot, submit, and with --wait watch each job to its end.

    What was done is kept in a file. After Ctrl-C, or whatever else ended it, the same command goes on with the jobs
    that were accepted and submits none a second time; without any VIDEO_ID it goes on with all of the file. A video
    that is in the file as ended is not upscaled again: delete the file for that.

    Exits with 0 if all went well, 1 if a video failed, 2 if nothing could be done, 130 after Ctrl-C.
    """
    if token is None:
        raise click.UsageError("no API token: set USEAPI_TOKEN")
    try:
        address = _checked(base_url, speed)
        with State.opened(state, address) as known:
            orders = Orders(wait=wait or download is not None, folder=download, max_jobs=max_jobs)
            client = AsyncClient(
                token,
                address,
                sleep=lambda seconds: asyncio.sleep(seconds / speed),
                clock=lambda: time.monotonic() * speed,
            )
            return _run(client, known, orders, [video_id(each) for each in video_ids], every=all_finished)
    except (InvalidArgument, StateError) as error:
        raise click.ClickException(str(error)) from None


def _run(client: AsyncClient, state: State, orders: Orders, sources: list[str], *, every: bool) -> int:
    """Do what was ordered; the exit code."""

    async def work() -> Batch:
        async with client:
            # What was accepted goes on, whatever else is asked for; what was not, when nothing else is.
            begun = [job.source for job in state.jobs.values() if _open(job, orders) and (job.video_id or not named)]
            wanted = [*begun, *sources, *(await finished_videos(client) if every else ())]
            with display() as shown:
                batch = Batch(client, state, shown, orders)
                await batch.run(list(dict.fromkeys(wanted)))
            return batch

    named = bool(sources) or every
    if not named and not state.jobs:
        raise click.UsageError("nothing to do: give a VIDEO_ID or --all-finished")
    if orders.folder is not None:
        try:
            orders.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.ClickException(f"--download {orders.folder} can't be made: {error.strerror}") from None
    try:
        batch = asyncio.run(work())
    except KeyboardInterrupt:
        going = sum(job.video_id is not None and not job.ended for job in state.jobs.values())
        click.echo(
            f"\nstopped: {going} accepted job{'' if going == 1 else 's'} not ended yet. "
            f"The same command goes on with them and submits none twice ({state.path}).",
            err=True,
        )
        return 130
    except NotFound as error:
        raise click.ClickException(f"no account is linked: {error}") from None
    except ClientError as error:
        raise click.ClickException(str(error)) from None
    return 1 if batch.failed else 0


def _open(job: Job, orders: Orders) -> bool:
    """Whether there is something left to do: it has not ended, or its file is wanted and not there."""
    wants_file = orders.folder is not None and job.status == Status.COMPLETED.name
    return not job.ended or (wants_file and not saved(job, orders.folder))


def _checked(address: str, speed: float) -> str:
    """The address without a slash at its end. Raises InvalidArgument."""
    address = base_url(address)
    if not isfinite(speed) or not 0 < speed <= 10_000:
        raise InvalidArgument(f"--speed must be above 0 and at most 10000, got {speed:g}")
    if speed != 1 and address == BASE_URL:
        raise InvalidArgument("--speed is for a mock: the paid API has a speed of its own")
    return address
