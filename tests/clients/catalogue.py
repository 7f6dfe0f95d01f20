"""The clients on which `contracts grade` is proved: good ones that must pass, bad ones with one fault each."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.grade.scenarios import DEFAULT

FOLDER: Final = Path(__file__).parent
SCENARIOS: Final = FOLDER / "scenarios"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A client, and what a verdict on it must say.

    file: below this folder. trips: ids of the rules that it must be found to break; none for a good one. besides: rules
    that may be found broken, too, because the same fault breaks them. scenarios: what it is judged in, ready-made ones
    or those of the folder `scenarios`; shown_by: those of them that suffice to see the fault. scale: what its waits
    must be divided by at least. patience: seconds of its own time after which it is stopped, None for grade's own.
    """

    file: str
    trips: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = DEFAULT
    shown_by: tuple[str, ...] = ()
    scale: float = 1.0
    patience: float | None = None

    @property
    def name(self) -> str:
        """Its word in the matrix: `busy_gives_up.py` is "busy-gives-up"."""
        return Path(self.file).stem.replace("_", "-")

    @property
    def good(self) -> bool:
        """Whether it must be without any finding."""
        return not self.trips

    @property
    def sentence(self) -> str:
        """What it does, or what is wrong with it: the first line of the program that says so."""
        lines = (FOLDER / self.file).read_text(encoding="utf-8").splitlines()
        first = next(line for line in lines if not line.startswith("#!"))
        return first.strip('"#/ ')

    @property
    def command(self) -> tuple[str, ...]:
        """How it is started, where PYTHONPATH names the folder `tests`."""
        match Path(self.file).suffix:
            case ".py":
                return sys.executable, "-m", "clients." + self.file.removesuffix(".py").replace("/", ".")
            case ".mjs":
                return "node", str(FOLDER / self.file)
            case _:
                return "bash", str(FOLDER / self.file)


def scenario_options(names: tuple[str, ...]) -> list[str]:
    """The options of grade that name these scenarios."""
    files = {name: SCENARIOS / f"{name}.yaml" for name in names}
    return [f"--scenario={file if file.exists() else name}" for name, file in files.items()]


def _bad(file: str, *trips: str, shown_by: str, **more: Any) -> Program:
    """One whose fault shows in a scenario; that in which nothing is odd says what it does otherwise."""
    shown = tuple(dict.fromkeys(("accepted", shown_by)))
    scenarios = tuple(dict.fromkeys((*DEFAULT, shown_by)))
    return Program(file=f"bad/{file}", trips=trips, scenarios=scenarios, shown_by=shown, **more)


_GOOD: Final = (
    "upscaler.py",
    "parallel.py",
    "curl.sh",
    "fetch.mjs",
    "reference.py",
    "callbacks_only.py",
    "callbacks_patient.py",
    "list_poller.py",
    "retry_adapter.py",
    "vendor_manner.mjs",
    "final_flag.py",
    "scheduler_first.py",
    "account_updater.py",
    "curl_grep.sh",
    "queue_of_five.py",
    "checks_first.py",
    "multipart.py",
    "cleans_up.py",
    "callbacks_and_polls.py",
)

_FURTHER: Final = (
    "rate-limited",
    "bad-request",
    "token-revoked",
    "reads-down",
    "long-jobs",
    "callbacks-twice",
    "callbacks-swapped",
)
"""Beside grade's own, where a good client shows that it is one; where no slot is ever free it would take too long."""

_BAD: Final = (
    _bad("token_missing.py", "token/sent", shown_by="accepted"),
    _bad("mangles_token.py", "token/sent", "refused/unauthorized", shown_by="accepted"),
    _bad("token_in_query.py", "token/not-in-url", shown_by="accepted"),
    _bad("token_to_download.py", "token/kept", shown_by="accepted"),
    _bad("token_in_reference.py", "token/kept", shown_by="accepted"),
    _bad("token_to_reply_url.py", "token/kept", shown_by="accepted"),
    _bad("wrong_version.py", "requests/operation", shown_by="accepted", besides=("submit/made",)),
    _bad("twenty_jobs.py", "requests/valid", shown_by="accepted"),
    _bad("form_called_json.py", "requests/valid", shown_by="accepted"),
    _bad("json_called_text.py", "requests/content-type", shown_by="accepted"),
    _bad("encoded_id.py", "requests/raw-id", shown_by="accepted", besides=("refused/bad-request",)),
    _bad("fetch_encodes.mjs", "requests/raw-id", shown_by="accepted"),
    _bad("unknown_field.py", "requests/known-fields", shown_by="accepted"),
    _bad("never_submits.py", "submit/made", shown_by="accepted"),
    _bad("submits_again.py", "submit/once", shown_by="lost-reply"),
    _bad("adapter_submits_again.py", "submit/once", shown_by="lost-reply"),
    _bad("curl_submits_again.sh", "submit/once", shown_by="lost-reply"),
    _bad("above_own_limit.py", "submit/own-limit", shown_by="long-jobs"),
    _bad("busy_two_seconds.py", "busy/wait", shown_by="rate-limited"),
    _bad("busy_backoff.py", "busy/wait", shown_by="rate-limited"),
    _bad("busy_gives_up.py", "busy/retried", shown_by="rate-limited"),
    _bad("busy_for_ever.py", "busy/bounded", shown_by="always-busy", scale=150.0, patience=3_900.0),
    _bad("herd.py", "busy/spread", shown_by="always-busy"),
    _bad("repeats_bad_request.py", "refused/bad-request", shown_by="bad-request"),
    _bad("repeats_unauthorized.py", "refused/unauthorized", shown_by="token-revoked"),
    _bad("repeats_credits.py", "refused/credits", shown_by="credits-run-out"),
    _bad("repeats_pending.py", "refused/pending", shown_by="password-changed"),
    _bad("read_error_ends.py", "trouble/retried", shown_by="flaky-reads"),
    _bad("hammers.py", "trouble/back-off", shown_by="reads-down"),
    _bad("polls_too_fast.py", "polling/pace", shown_by="long-jobs"),
    _bad("curl_polls_too_fast.sh", "polling/pace", shown_by="long-jobs"),
    _bad("processing_is_fatal.py", "polling/processing", shown_by="long-jobs"),
    _bad(
        "processing_is_the_end.py",
        "polling/processing",
        shown_by="long-jobs",
        besides=("ending/not-before",),
    ),
    _bad("fetch_throws.mjs", "polling/processing", shown_by="long-jobs", besides=("trouble/retried",)),
    _bad(
        "reads_on.py",
        "polling/stops",
        shown_by="accepted",
        besides=("ending/failed", "ending/moderated"),
    ),
    _bad("url_is_the_end.py", "ending/not-before", shown_by="awkward-but-legal"),
    _bad("any_answer_is_the_end.py", "ending/not-before", shown_by="awkward-but-legal", besides=("process/status",)),
    _bad("odd_status_is_the_end.py", "answers/tolerant", shown_by="awkward-but-legal"),
    _bad(
        "invented_fields.py",
        "ending/completed",
        shown_by="accepted",
        besides=("ending/failed", "ending/moderated"),
    ),
    _bad(
        "fetch_invented_fields.mjs",
        "ending/completed",
        shown_by="accepted",
        besides=("ending/failed", "ending/moderated"),
    ),
    _bad("failed_is_no_end.py", "ending/failed", shown_by="failed"),
    _bad("moderated_is_no_end.py", "ending/moderated", shown_by="moderated"),
    _bad("never_looks.py", "ending/followed", shown_by="accepted", besides=("ending/not-before",)),
    _bad("strict_fields.py", "answers/tolerant", shown_by="awkward-but-legal"),
    _bad(
        "curl_greps.sh",
        "answers/tolerant",
        shown_by="spaced-json",
    ),
    _bad("callback_refused.py", "callbacks/acknowledged", shown_by="accepted", besides=("process/status",)),
    _bad("callback_twice_is_fatal.py", "callbacks/duplicates", shown_by="callbacks-twice"),
    _bad("callback_twice_is_refused.py", "callbacks/duplicates", shown_by="callbacks-twice"),
    _bad(
        "callback_overwrites.py",
        "callbacks/late-progress",
        shown_by="callbacks-swapped",
        besides=("callbacks/duplicates",),
    ),
    _bad("stays.py", "process/ends", shown_by="accepted", patience=80.0),
    _bad("always_content.py", "process/status", shown_by="failed"),
    _bad("never_content.py", "process/status", shown_by="accepted"),
)

CATALOGUE: Final[Mapping[str, Program]] = {
    each.name: each
    for each in (*(Program(file=f"good/{file}", scenarios=(*DEFAULT, *_FURTHER)) for file in _GOOD), *_BAD)
}
"""All by name, the good ones first."""
