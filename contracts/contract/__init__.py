"""The contract as the checking side reads it: `Contract.load()`. Read apart from the mock, so that an error in one
reading shows as a disagreement.
"""

from contracts.contract.answers import Answer, Example, Media
from contracts.contract.document import ContractError, default_path
from contracts.contract.lifecycle import Lifecycle, Status
from contracts.contract.operations import UNSET, Callback, Operation, Parameter, Trigger
from contracts.contract.reading import Contract
from contracts.contract.schema import Schema

__all__ = [
    "UNSET",
    "Answer",
    "Callback",
    "Contract",
    "ContractError",
    "Example",
    "Lifecycle",
    "Media",
    "Operation",
    "Parameter",
    "Schema",
    "Status",
    "Trigger",
    "default_path",
]
