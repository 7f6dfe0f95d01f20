"""The contract, read once at start into things that answer questions fast. Knows neither domain nor web.

document    find, load, resolve; refuse what we do not honour
operation   Operation: parameters, bodies, answers, all compiled
answer      Answer: a status with a named example, its places to fill
validation  JSON Schema in, violations in words out
violation   Violation
body        bytes and a content type in, a value or a violation out
routing     method and path to an operation
contract    Contract: all of it
"""

from mockserver.spec.answer import Answer
from mockserver.spec.contract import Contract, Trigger
from mockserver.spec.document import ContractError, Document
from mockserver.spec.operation import Operation
from mockserver.spec.routing import Match, Miss
from mockserver.spec.violation import Violation

__all__ = [
    "Answer",
    "Contract",
    "ContractError",
    "Document",
    "Match",
    "Miss",
    "Operation",
    "Trigger",
    "Violation",
]
