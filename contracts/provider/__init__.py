"""The shell to a provider: it is known by HTTP alone."""

from contracts.provider.budget import Budget, Ended, OutOfCalls, OutOfTime, Stopped, Unresponsive
from contracts.provider.control import Control
from contracts.provider.http import BadAddress, Provider
from contracts.provider.safety import NotAllowed, Safety
from contracts.provider.world import World

__all__ = [
    "BadAddress",
    "Budget",
    "Control",
    "Ended",
    "NotAllowed",
    "OutOfCalls",
    "OutOfTime",
    "Provider",
    "Safety",
    "Stopped",
    "Unresponsive",
    "World",
]
