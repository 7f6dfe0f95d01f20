"""What a request for nothing probably meant: the operation whose path is nearest, and what differs.

Two paths are compared segment by segment, as a spelling is letter by letter: each step from one to the other has its
price, and the cheapest way counts.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, NamedTuple
from urllib.parse import unquote

_FARTHEST: Final = 2.25
_LONGEST: Final = 500
_MOST_SEGMENTS: Final = 8

_OTHER_METHOD: Final = 0.5
_LEFT_OUT: Final = 1.0
_LEFT_OUT_IN_FRONT: Final = 0.6
"""A base URL without the common part of all paths is a usual slip."""
_LEFT_OUT_PARAMETER: Final = 0.4
_ADDED: Final = 1.0
_OTHER_WRITING: Final = 0.3
_OTHER_SPELLING: Final = 0.4
_OTHER_WORD: Final = 1.5
_PARAMETER: Final = 0.05
_WORD_AS_PARAMETER: Final = 0.6

_VERSION: Final = re.compile(r"v[0-9]+")
_SLASHES: Final = re.compile(r"%2f", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Near:
    """The operation that a request comes near: its operationId, method, path; what `differs`, in words."""

    operation: str
    method: str
    path: str
    differs: str

    @property
    def sentence(self) -> str:
        """A question with all of it."""
        return f"did you mean {self.method} {self.path}: {self.differs}"


class _Way(NamedTuple):
    """The price of a way from one path to the other, and its steps: what was sent for what, "" for nothing."""

    price: float
    steps: tuple[tuple[str, str], ...]


_NO_WAY: Final = _Way(_FARTHEST, ())


def nearest(method: str, path: str, operations: Sequence[tuple[str, str, str]]) -> Near | None:
    """The operation that comes nearest, out of (operationId, method, path); None where none is near."""
    if len(path) > _LONGEST:
        return None
    plain = _SLASHES.sub("/", path)
    segments = [segment for segment in plain.split("/") if segment]
    if not segments or len(segments) > _MOST_SEGMENTS:
        return None
    asked = "GET" if method == "HEAD" else method
    templates = {template: template.split("/")[1:] for _, _, template in operations}
    words = {segment for parts in templates.values() for segment in parts if not _is_parameter(segment)}
    prices = {sent: _prices(sent, words) for sent in segments}
    ways: dict[str, _Way] = {}
    price, found = _FARTHEST, None
    for each in operations:
        _, meant, template = each
        if template not in ways:
            ways[template] = _way(segments, templates[template], prices)
        total = ways[template].price + (meant != asked) * _OTHER_METHOD
        if total < price:
            price, found = total, each
    if found is None:
        return None
    name, meant, template = found
    differences = [f"you sent {_shown(method)}"] if meant != asked else []
    differences += _differences(ways[template].steps)
    if plain != path:
        differences.append("you percent-encoded a slash")
    if "//" in plain:
        differences.append("you sent two slashes in a row")
    return Near(name, meant, template, "; ".join(differences)) if differences else None


def _way(segments: Sequence[str], parts: Sequence[str], prices: Mapping[str, Mapping[str, float]]) -> _Way:
    """The cheapest way from a path as it is meant to the one that was sent; `prices` are those of each segment."""
    # The last word says what is wanted: without it, something else is.
    last = next((meant for meant in reversed(parts) if not _is_parameter(meant)), None)
    if last is None or not any(last in prices[sent] for sent in segments):
        return _NO_WAY
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(segments, parts, strict=False))))
    row = [_Way(0.0, ((last, last),) if last in parts[:same] else ())]
    parts = parts[same:]
    for meant in parts:
        row.append(_Way(row[-1].price + _without(meant, front=not same), (*row[-1].steps, ("", meant))))
    for sent in segments[same:]:
        above, row = row, [_Way(row[0].price + _ADDED, (*row[0].steps, (sent, "")))]
        known = prices[sent]
        for place, meant in enumerate(parts):
            changed = above[place].price + known.get("{" if _is_parameter(meant) else meant, _OTHER_WORD)
            added = above[place + 1].price + _ADDED
            left_out = row[place].price + _without(meant, front=False)
            if changed <= min(added, left_out):
                row.append(_Way(changed, (*above[place].steps, (sent, meant))))
            elif added <= left_out:
                row.append(_Way(added, (*above[place + 1].steps, (sent, ""))))
            else:
                row.append(_Way(left_out, (*row[place].steps, ("", meant))))
    way = row[-1]
    return way if any(meant == last and last in prices[sent] for sent, meant in way.steps if sent) else _NO_WAY


def _without(meant: str, *, front: bool) -> float:
    if _is_parameter(meant):
        return _LEFT_OUT_PARAMETER
    return _LEFT_OUT_IN_FRONT if front else _LEFT_OUT


def _prices(sent: str, words: Collection[str]) -> dict[str, float]:
    """What it costs that a segment was sent for each word that it is like, and, under "{", for a parameter."""
    plain = sent if sent in words else unquote(sent).partition("?")[0].strip().lower()
    if _VERSION.fullmatch(plain):
        like = [word for word in words if _VERSION.fullmatch(word)]
    else:
        like = [word for word in words if abs(len(word) - len(plain)) < 3 and _is_misspelt(plain, word)]
    prices = {**dict.fromkeys(like, _OTHER_SPELLING), "{": _WORD_AS_PARAMETER if sent in words else _PARAMETER}
    if plain in words:
        prices[plain] = 0.0 if plain == sent else _OTHER_WRITING
    return prices


def _is_misspelt(sent: str, meant: str) -> bool:
    """Whether a letter or two make the difference; of a short word only one."""
    most = 2 if len(meant) > 4 else 1
    if len(meant) < 3 or sent == meant or len(set(sent) ^ set(meant)) > 2 * most:
        return False
    row = list(range(len(meant) + 1))
    for number, letter in enumerate(sent, 1):
        above, row = row, [number]
        for place, other in enumerate(meant):
            row.append(min(above[place] + (letter != other), above[place + 1] + 1, row[place] + 1))
    return row[-1] <= most


def _differences(steps: Sequence[tuple[str, str]]) -> Iterator[str]:
    left_out = added = ""
    for sent, meant in steps:
        if not sent:
            left_out += f"/{meant}"
        elif not meant:
            added += f"/{_shown(sent)}"
        elif sent != meant and not _is_parameter(meant):
            yield f"you sent /{_shown(sent)} in the place of /{meant}"
    if left_out:
        yield f"you left out {left_out}"
    if added:
        yield f"you added {added}"


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")


def _shown(text: str) -> str:
    """What a client sent, without anything that a terminal takes for a command, and shortened."""
    return ascii(text if len(text) <= 40 else f"{text[:40]}...")[1:-1]
