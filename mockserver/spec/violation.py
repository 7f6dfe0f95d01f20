"""A violation: one way in which a message does not fit the contract."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`where` is "path", "query", "header" or "body"; `pointer` a JSON pointer into it; `rule` the broken keyword.

    `sentence` names the field, the rule and the value; `value` is what was sent, shortened. Of a secret both
    say only what kind it is, or how long.
    """

    where: str
    pointer: str
    rule: str
    sentence: str
    value: str = ""
