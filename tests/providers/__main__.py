"""Serve a flawed provider by hand: `python -m providers NAME [--port N]` from tests/. Without a name, list them all."""

import argparse
import sys
from contextlib import suppress
from signal import SIGINT, SIGTERM, signal
from threading import Event

from providers.catalogue import CATALOGUE
from providers.hostile import HOSTILE, besieging
from providers.provider import serving


def main() -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m providers", description=__doc__)
    parser.add_argument("name", nargs="?", help="of a flaw or a hostile provider, or `pristine`")
    parser.add_argument("--port", type=int, default=8597, help="0 is any free one")
    parser.add_argument("--stranger", action="store_true", help="without the control API, as what is no mock")
    parser.add_argument("--speed", type=float, help="of its clocks, 60 is a minute a second")
    chosen = parser.parse_args()
    if chosen.name is None:
        _list()
        return 0
    if chosen.name not in {"pristine", *CATALOGUE, *HOSTILE}:
        print(f"no provider is called {chosen.name}; without a name, all are listed", file=sys.stderr)
        return 2
    over = Event()
    for number in (SIGINT, SIGTERM):
        signal(number, lambda *_: over.set())
    if chosen.name in HOSTILE:
        with besieging(HOSTILE[chosen.name], chosen.port) as hostile:
            _wait(hostile.url, over)
        return 0
    flaw = CATALOGUE.get(chosen.name)
    with serving(flaw, chosen.port, stranger=chosen.stranger, speed=chosen.speed) as url:
        _wait(url, over)
    return 0


def _wait(url: str, over: Event) -> None:
    print(url, flush=True)
    with suppress(KeyboardInterrupt):
        over.wait()


def _list() -> None:
    width = max(map(len, CATALOGUE))
    print(f"{'pristine':{width}}  The mock as it is.")
    for flaw in CATALOGUE.values():
        print(f"{flaw.name:{width}}  {flaw.sentence}")
    for name, behaviour in HOSTILE.items():
        print(f"{name:{width}}  {(behaviour.__doc__ or '').splitlines()[0]}")


if __name__ == "__main__":
    sys.exit(main())
