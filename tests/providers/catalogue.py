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

SEEN_FIRST: Final[dict[str, str]] = {
    "email-ignored": "documented/upscaleVideo/429/all-accounts-busy",
    "end-is-not-final": "credits/refunded",
    "id-of-other-account": "documented/upscaleVideo/400/unfinished-video",
    "id-of-source": "documented/upscaleVideo/400/unfinished-video",
    "one-too-few": "documented/upscaleVideo/429/all-accounts-busy",
    "password-in-error": "documented/saveAccount/400/email-mismatch",
    "slots-in-common": "documented/upscaleVideo/429/all-accounts-busy",
    "unfinished-is-hidden": "documented/upscaleVideo/400/unfinished-video",
}
"""A rule that a flaw breaks on the way to those that it is made for: where all are judged, a run may end there."""
