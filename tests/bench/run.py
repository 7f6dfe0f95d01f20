"""The benchmark: our mock beside a bare server and other mock servers, and its seam in process.

    python tests/bench/run.py --peers FOLDER --markdown table.md

It is a report: nothing is asserted. Exit code 0, or 2 when nothing at all could be measured.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from inprocess import SeamCost, SeamError, measure_seam
from load import LoadError, pick_generator
from measure import Contestant, run_rounds, start_all, warm_up
from report import Findings, render
from subjects import CHECKOUT, all_subjects
from workload import sample_answers

IN_PROCESS = "inprocess"
_MOST = 600
_PEERS = CHECKOUT / ".cache" / "peers"
_HELP_ON_PEERS = """\
The peers come from npm; install them anywhere and name that folder with --peers (default:
.cache/peers under the checkout). WireMock also needs Java 11 or later on PATH. The load is best
made with wrk (a Debian package of that name).

    mkdir -p .cache/peers
    npm install --prefix .cache/peers --no-package-lock --ignore-scripts \\
        @stoplight/prism-cli wiremock @mockoon/cli

A subject that can't be started is reported in one line and skipped.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for. Times are in seconds; `only` has subjects' keys and IN_PROCESS."""

    peers: Path
    rounds: int
    seconds: int
    warmup: int
    only: Sequence[str]
    generator: str
    markdown: Path | None
    changes: Sequence[str]


def parse(arguments: Sequence[str]) -> Options:
    """Return the options; end the program with exit code 2 when they make no sense."""
    keys = [subject.key for subject in all_subjects(_PEERS)] + [IN_PROCESS]
    parser = argparse.ArgumentParser(
        prog="run.py",
        description=(__doc__ or "").splitlines()[0],
        epilog=_HELP_ON_PEERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--peers", type=Path, default=_PEERS, metavar="DIR", help="where npm installed the peers")
    add("--rounds", type=_count, default=5, metavar="N", help="rounds in each cell (5)")
    add("--seconds", type=_count, default=2, metavar="S", help="length of a round (2)")
    add("--warmup", type=_count, default=5, metavar="S", help="untimed load of each workload (5)")
    add("--only", nargs="+", choices=keys, default=keys, metavar="WHAT", help=", ".join(keys))
    generators = ("auto", "wrk", "python")
    add("--generator", choices=generators, default="auto", help="what makes the load (auto)")
    add("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="for ours: see serve --set")
    add("--markdown", type=Path, metavar="F", help="write the report to F instead of stdout")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and write the report; return the exit code."""
    options = parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    try:
        findings = measure(options)
    except LoadError as error:
        _say(f"could not run: {error}")
        return 2
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    text = render(findings)
    if options.markdown:
        options.markdown.write_text(text)
    else:
        sys.stdout.write(text)
    measured = any(contestant.rates for contestant in findings.contestants) or findings.seam
    return 0 if measured else 2


def measure(options: Options) -> Findings:
    """Measure what the options ask for. Every server has ended when this returns."""
    generator = pick_generator(options.generator)
    subjects = [s for s in all_subjects(options.peers.resolve(), options.changes) if s.key in options.only]
    seam: list[SeamCost] = []
    seam_problem = "not asked for"
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        if IN_PROCESS in options.only:
            try:
                seam = measure_seam(folder=folder, rounds=options.rounds, seconds=options.seconds / 4, say=_say)
            except SeamError as error:
                seam_problem = str(error)
                _say(f"in process: left out: {error}")
        contestants: list[Contestant] = []
        with ExitStack() as stack:
            contestants, missing = start_all(
                subjects, folder=folder, fixed_answers=sample_answers(), stack=stack, say=_say
            )
            warm_up(contestants, generator, seconds=options.warmup, say=_say)
            run_rounds(contestants, generator, rounds=options.rounds, seconds=options.seconds, say=_say)
    return Findings(
        contestants=contestants,
        missing=missing,
        seam=seam,
        seam_problem=seam_problem,
        generator=generator.name,
        rounds=options.rounds,
        seconds=options.seconds,
    )


def _count(text: str) -> int:
    value = int(text)
    if not 0 < value <= _MOST:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {_MOST}")
    return value


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
