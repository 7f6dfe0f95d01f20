"""The exported journal as a document: told from what is none, and completed where an older form of it knows less."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl

import jsonschema_rs

_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_PART: Final = re.compile(r'\bname="([^"\r\n]*)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)(?=\r?\n--|\Z)', re.DOTALL)
"""A part of a multipart form: its name and its value."""


class JournalError(Exception):
    """What was given is no journal; the message is one line."""


def checked(document: Any) -> dict[str, Any]:
    """The document, if it has the form of a journal. Raises JournalError with the place of what has not."""
    for error in _form().iter_errors(document):
        place = "".join(f"/{part}" for part in error.instance_path) or "the document"
        raise JournalError(f"no journal of a mock: {place}: {_short(error.message)}")
    found: dict[str, Any] = document
    return found


def parsed(data: bytes) -> Any:
    """The document in a file, made of the lines of an export where it is that. Raises JournalError for no JSON."""
    try:
        text = data.decode("utf-8").strip()
        try:
            document = json.loads(text)
        except ValueError:
            return _of_entries([json.loads(line) for line in text.splitlines() if line.strip()])
    except (ValueError, RecursionError) as error:
        raise JournalError(f"no JSON: {_short(str(error))}") from None
    else:
        if not (isinstance(document, dict) and "number" in document and "requests" not in document):
            return document
        entries = [document]
    return _of_entries(entries)


def _of_entries(entries: list[Any]) -> Any:
    known = [entry for entry in entries if isinstance(entry, dict)]
    first = known[0] if known else {}
    callbacks = {str(each.get("number")): each for entry in known for each in _objects(entry, "callbacks")}
    number = first.get("number")
    return {
        "form": 1,
        "sandbox": first.get("sandbox"),
        "requests": entries,
        "lost": number - 1 if isinstance(number, int) and number > 0 else 0,
        "callbacks": list(callbacks.values()),
        "jobs": [job for entry in known if (job := _job_of_events(entry)) is not None],
    }


def _objects(entry: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in a list of an entry, which was not looked at yet."""
    rows = entry.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def jobs(document: Mapping[str, Any]) -> list[Any]:
    """The jobs, and those whose video was deleted meanwhile, as their events tell them."""
    jobs = list(document.get("jobs", ()))
    known = {job["video_id"] for job in jobs}
    gone = (entry for entry in document["requests"] if entry["accepted"] is not None and entry["accepted"] not in known)
    return jobs + [job | {"cost": document.get("cost", 0)} for entry in gone if (job := _job_of_events(entry))]


def _job_of_events(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """The job that an exchange started, as its events tell it."""
    events = [event for event in _objects(entry, "events") if event.get("event") == "status"]
    if not isinstance(entry.get("accepted"), str) or not events:
        return None
    last = events[-1]
    final = last.get("status") in ("COMPLETED", "FAILED", "MODERATED")
    return {
        "video_id": entry["accepted"],
        "source": "",
        "status": last.get("status"),
        "started": entry.get("at"),
        "reached": [{"at": event.get("at"), "status": event.get("status")} for event in events],
        "ended": last.get("at") if final else None,
        "cost": 0,
    }


@cache
def _form() -> jsonschema_rs.Validator:
    text = files("contracts.grade").joinpath("journal.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.validator_for(json.loads(text))


def body_of(entry: Mapping[str, Any]) -> Any:
    """The body; of a form its fields, whatever boundary it was written with."""
    body = entry["body"]
    kind = next((value for name, value in entry["headers"] if name == "content-type"), "").lower()
    if not isinstance(body, str) or not kind.startswith(_FORMS):
        return body
    pairs = parse_qsl(body) if "urlencoded" in kind else _PART.findall(body)
    return {name: int(value) if re.fullmatch(r"[0-9]{1,9}", value) else value for name, value in pairs} or body


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:300]}…"
