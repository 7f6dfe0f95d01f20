"""The fault plan: what goes wrong on purpose, in which calls, and how often.

actions     what a fault does to a call
catalogue   the faults by their names: every documented answer, and what the contract's x-faults lists
plan        Rule and Plan: which call suffers which fault
reading     the `faults` of a scenario to rules
"""

from mockserver.faults.catalogue import Catalogue, Listed
from mockserver.faults.plan import Plan, Rule

__all__ = ["Catalogue", "Listed", "Plan", "Rule"]
