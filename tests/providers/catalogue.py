"""All flaws, by name."""

from types import ModuleType
from typing import Final

from providers import accounts, answers, callbacks, fields, lifecycle, listing, money, reading, slots, tokens
from providers.flaw import Flaw

_MODULES: Final[tuple[ModuleType, ...]] = (
    answers,
    fields,
    reading,
    tokens,
    slots,
    money,
    lifecycle,
    listing,
    accounts,
    callbacks,
)

CATALOGUE: Final[dict[str, Flaw]] = {
    flaw.name: flaw for module in _MODULES for flaw in vars(module).values() if isinstance(flaw, Flaw)
}
"""In the order of the modules, and in each of its lines."""
