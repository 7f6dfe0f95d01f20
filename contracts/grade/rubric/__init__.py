"""The rubric: pure looks at what a client did in one run, one rule each.

tokens, requests     what is sent
submitting           upscales: made, once, within the client's own limit
busy, refused        429; and what is not to be repeated
trouble              reads that fail
polling, ending      how a job is asked for, and where the wait ends
callbacks            what the client's receiver does
answers              whether odd but legal answers are borne
process              whether it ends, and says the truth
check                what a rule is made of

They are looked at in this order: what is found broken may explain what comes later.
"""

from typing import Final

from contracts.grade.rubric import (
    answers,
    busy,
    callbacks,
    ending,
    polling,
    process,
    refused,
    requests,
    submitting,
    tokens,
    trouble,
)
from contracts.grade.rubric.check import Broken, Check, Held, Outcome, Unknown

CHECKS: Final[tuple[Check, ...]] = (
    *tokens.CHECKS,
    *requests.CHECKS,
    *submitting.CHECKS,
    *busy.CHECKS,
    *refused.CHECKS,
    *trouble.CHECKS,
    *polling.CHECKS,
    *ending.CHECKS,
    *callbacks.CHECKS,
    *answers.CHECKS,
    *process.CHECKS,
)

__all__ = ["CHECKS", "Broken", "Check", "Held", "Outcome", "Unknown"]
