"""A video to a file: streamed beside it, then renamed, so that the file is whole or not there."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)


class DownloadError(Exception):
    """The file could not be had; the text says why in one sentence."""


class _PassingError(DownloadError):
    """It may work the next time."""


async def download(
    url: str, file: Path, *, progress: Callable[[int, int | None], None], attempts: int = 4, pause: float = 1.0
) -> None:
    """Save what is at `url`. Raises DownloadError, after some attempts where another one may help; OSError.

    `progress` is told the bytes that came and, where that is known, how many there are. No token is sent: files are
    kept elsewhere.
    """
    part = file.with_name(f".{file.name}.part")
    trying = AsyncRetrying(
        retry=retry_if_exception_type(_PassingError),
        stop=stop_after_attempt(attempts),
        wait=wait_exponential(multiplier=pause, max=30),
        reraise=True,
    )
    try:
        async with httpx.AsyncClient(follow_redirects=True, timeout=_TIMEOUT) as session:
            async for attempt in trying:
                with attempt:
                    await _stream(session, url, part, progress)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


async def _stream(
    session: httpx.AsyncClient, url: str, part: Path, progress: Callable[[int, int | None], None]
) -> None:
    try:
        async with session.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                kind = _PassingError if answer.status_code in (408, 429) or answer.status_code >= 500 else DownloadError
                raise kind(f"the file's address is answered {answer.status_code}")
            length = answer.headers.get("content-length", "")
            total = int(length) if length.isascii() and length.isdigit() else None
            come = 0
            with part.open("wb") as file:
                async for piece in answer.aiter_raw():
                    file.write(piece)
                    come += len(piece)
                    progress(come, total)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise DownloadError(f"the file has no address that can be called: {error}") from None
    except httpx.HTTPError as error:
        raise _PassingError(f"the file does not come: {str(error) or type(error).__name__}") from None
