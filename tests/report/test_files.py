"""What `--report` takes, and files that are there whole or not at all."""

import os
import threading
from pathlib import Path

import pytest

from contracts.report import files
from contracts.report.files import ReportError, parse, prepare, write
from contracts.report.masking import masked
from report import verdicts

GOOD = masked(verdicts.clean())


def test_several_reports_in_one_or_many() -> None:
    """With commas, or the option again."""
    wanted = {"junit": Path("a.xml"), "har": Path("b.har"), "html": Path("c")}
    assert parse(["junit=a.xml,har=b.har", "html=c"]) == wanted
    assert parse(["junit=a.xml, har=b.har,html=c"]) == wanted
    assert parse([]) == {}


def test_comma_and_equals_sign_may_be_part_of_a_path() -> None:
    """Only what looks like a further report ends one."""
    assert parse(["json=a,b=c.json,har=x=y"]) == {"json": Path("a,b=c.json"), "har": Path("x=y")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("xml=a", "a report is KIND=FILE, with one of junit, har, json, html, got 'xml=a'"),
        ("junit", "a report is KIND=FILE, with one of junit, har, json, html, got 'junit'"),
        ("", "a report is KIND=FILE, with one of junit, har, json, html, got ''"),
        ("junit=", "the junit report needs the name of a file, got 'junit='"),
        ("har=a\0b", "the har report needs the name of a file, got 'har=a\\x00b'"),
        ("junit=a,junit=b", "one junit report can be written, got 'a' and 'b'"),
        ("junit=a,har=a", "each report needs a file of its own, got 'a' twice"),
    ],
)
def test_what_can_not_be_meant_is_named(text: str, words: str) -> None:
    """In one line, with what was got."""
    with pytest.raises(ReportError) as error:
        parse([text])
    assert str(error.value) == words


def test_folders_are_made(tmp_path: Path) -> None:
    """Before the run."""
    paths = {"json": tmp_path / "new" / "deep" / "v.json"}
    prepare(paths)
    write(GOOD, paths)
    assert [each.name for each in paths["json"].parent.iterdir()] == ["v.json"]


def test_path_that_can_not_be_written_is_known_before_the_run(tmp_path: Path) -> None:
    """A folder, a path beneath a file: one line that names report, path and reason."""
    (tmp_path / "file").touch()
    for path, reason in ((tmp_path, "it is a folder"), (tmp_path / "file" / "x", "Not a directory|File exists")):
        with pytest.raises(ReportError, match=f"^the har report can't be written to '{path}': ({reason})$"):
            prepare({"har": path})


def test_file_that_is_there_stays_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves the old report, and nothing of the new one."""
    path = tmp_path / "v.json"
    path.write_text("old", encoding="utf-8")

    def full(number: int, mode: str) -> object:
        os.close(number)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(ReportError, match="No space left on device"):
        write(GOOD, {"json": path})
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_reports_are_written_though_one_can_not(tmp_path: Path) -> None:
    """A CI job reads what there is."""
    with pytest.raises(ReportError, match="the junit report"):
        write(GOOD, {"junit": tmp_path, "json": tmp_path / "v.json"})
    assert (tmp_path / "v.json").exists()


def test_report_may_be_read_by_others(tmp_path: Path) -> None:
    """As any file that is written there; one that was there keeps its rights, and a link its place."""
    path, link = tmp_path / "v.json", tmp_path / "link"
    (tmp_path / "plain").touch()
    write(GOOD, {"json": path})
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    path.chmod(0o640)
    link.symlink_to(path)
    write(GOOD, {"json": link})
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640


def test_pipe_is_written_to(tmp_path: Path) -> None:
    """It is not replaced by a file."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    prepare({"json": path})
    write(GOOD, {"json": path})
    reader.join()
    assert got[0].startswith(b"{")
    assert path.is_fifo()


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    """Also past the parser."""
    with pytest.raises(ReportError, match="got 'xml'"):
        write(GOOD, {"xml": tmp_path / "x"})
