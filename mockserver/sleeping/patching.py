"""Puts the stand-ins everywhere, and puts the originals back."""

import sys
from collections.abc import Callable

from mockserver.sleeping.places import places, places_in
from mockserver.sleeping.sleepers import Sleepers
from mockserver.sleeping.standing_in import stand_ins


def patched(sleepers: Sleepers) -> Callable[[], None]:
    """Have stand-ins stand wherever an original does. Returns what puts the originals back."""
    patches = stand_ins(sleepers)
    by_original = {patch.function.original: patch.function for patch in patches}
    found, loaded = places(tuple(by_original)), frozenset(sys.modules)

    def put_back() -> None:
        # Where somebody has put something else meanwhile, that stays.
        for patch in patches:
            if getattr(patch.owner, patch.name) is patch.function:
                setattr(patch.owner, patch.name, patch.function.original)
        for place in found:
            if place.read() is by_original[place.function]:
                place.write(place.function)
        # Modules that were loaded meanwhile have got the stand-ins.
        functions = tuple(by_original.values())
        for name in sys.modules.keys() - loaded:
            for place in places_in(functions, name, sys.modules[name]):
                place.write(place.function.original)

    try:
        for patch in patches:
            setattr(patch.owner, patch.name, patch.function)
        for place in found:
            # By now a test may have put something of its own there.
            if place.read() is place.function:
                place.write(by_original[place.function])
    except BaseException:
        put_back()
        raise
    return put_back
