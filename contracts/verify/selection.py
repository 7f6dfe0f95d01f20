"""Which rules are judged: --only and --skip, by id, group or pattern."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from contracts.findings import Rule


class SelectionError(Exception):
    """A word selects nothing; the message is one line."""


@dataclass(frozen=True)
class Selection:
    """Rules that are wanted: all, or those of `only`, but for those of `skip`."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def check(self, rules: Sequence[Rule]) -> None:
        """Raise SelectionError for a word that names none of these rules."""
        for word in (*self.only, *self.skip):
            if not any(_names(word, rule) for rule in rules):
                raise SelectionError(f"no rule, group or pattern {word!r}; `contracts rules` lists them")

    def wants(self, rule: Rule) -> bool:
        """Whether a rule is to be judged."""
        return (not self.only or any(_names(word, rule) for word in self.only)) and not self.skips(rule)

    def skips(self, rule: Rule) -> bool:
        """Whether a rule was said not to be judged."""
        return any(_names(word, rule) for word in self.skip)


def _names(word: str, rule: Rule) -> bool:
    return word in {rule.id, rule.group} or fnmatchcase(rule.id, word)
