"""Reports in files: what `--report junit=F,har=F,json=F,html=F` says, and the writing of it."""

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from contracts.report.masking import Masked

KINDS: Final = ("junit", "har", "json", "html")

_NEXT: Final = re.compile(rf",\s*(?=(?:{'|'.join(KINDS)})=)")
"""A comma that ends a path: one that a further report follows. Others belong to the path."""


class ReportError(Exception):
    """A report can't be written, or what was asked for is none; the message is one line."""


def parse(texts: Iterable[str]) -> dict[str, Path]:
    """The kinds of reports and their files. Raises ReportError for what can't be meant."""
    found: dict[str, Path] = {}
    for part in (part for text in texts for part in _NEXT.split(text)):
        kind, equals, name = part.strip().partition("=")
        if not equals or kind not in KINDS:
            raise ReportError(f"a report is KIND=FILE, with one of {', '.join(KINDS)}, got {part.strip()!r}")
        if not name or "\0" in name:
            raise ReportError(f"the {kind} report needs the name of a file, got {part.strip()!r}")
        if kind in found:
            raise ReportError(f"one {kind} report can be written, got {str(found[kind])!r} and {name!r}")
        if Path(name) in found.values():
            raise ReportError(f"each report needs a file of its own, got {name!r} twice")
        found[kind] = Path(name)
    return found


def prepare(reports: Mapping[str, Path]) -> None:
    """Make sure before a run that its reports can be written; makes missing folders. Raises ReportError."""
    for kind, path in reports.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(21, "it is a folder")
            if _is_plain(path):
                with tempfile.TemporaryFile(dir=path.resolve().parent):
                    pass
        except (OSError, RuntimeError) as error:
            raise _cannot(kind, path, error) from None


def write(verdict: Masked, reports: Mapping[str, Path | str], contract: str = "") -> None:
    """Write the reports, each whole or not at all. `contract` is the text of openapi.yaml, to quote from.

    Raises ReportError where one can't be written; the others are.
    """
    failed: ReportError | None = None
    for kind, name in reports.items():
        text = _renderer(kind, contract)(verdict)
        try:
            _replace(Path(name), text.encode("utf-8", "backslashreplace"))
        except (OSError, RuntimeError) as error:
            failed = failed or _cannot(kind, Path(name), error)
    if failed:
        raise failed


def _renderer(kind: str, contract: str) -> Callable[[Masked], str]:
    # Imported here: most runs write few of them.
    if kind == "junit":
        from contracts.report.junit import xml

        return xml
    if kind == "har":
        from contracts.report.har import archive

        return archive
    if kind == "json":
        from contracts.report.as_json import text

        return text
    if kind == "html":
        from contracts.report.html import page

        return lambda verdict: page(verdict, contract)
    raise ReportError(f"a report is one of {', '.join(KINDS)}, got {kind!r}")


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that nobody sees half of it; a pipe or a device is just written to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not _is_plain(path):
        path.write_bytes(data)
        return
    path = path.resolve()
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
        # mkstemp's files are for their owner alone; a report is as any file that is written anew.
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_mask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mask() -> int:
    """The process's mask for new files, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _is_plain(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _cannot(kind: str, path: Path, error: Exception) -> ReportError:
    words = getattr(error, "strerror", None) or str(error)
    return ReportError(f"the {kind} report can't be written to {str(path)!r}: {words}")
