"""What the contract says of answers: statuses, media types, headers, examples."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.contract.document import Document, Place
from contracts.contract.schema import Schema
from contracts.findings import Provenance

_PLACE: Final = re.compile(r"<[A-Za-z][^<>]*>")


@dataclass(frozen=True)
class Example:
    """A named example. Words in angle brackets in its text stand for a value."""

    name: str
    value: Any
    summary: str
    provenance: Provenance
    pointer: str

    def text(self) -> str | None:
        """The text of an error, None for an example of something else."""
        error = self.value.get("error") if isinstance(self.value, Mapping) else None
        return error if isinstance(error, str) else None

    def filled(self, values: Mapping[str, Any]) -> str | None:
        """The text with its places filled, as far as `values` has them."""
        text = self.text()
        if text is None:
            return None
        return _PLACE.sub(lambda found: str(values.get(found[0][1:-1], found[0])), text)

    def fits(self, text: str, values: Mapping[str, Any]) -> bool:
        """Whether a text is this one; a place without a value stands for any text but none."""
        filled = self.filled(values)
        if filled is None:
            return False
        parts = _PLACE.split(filled)
        return re.fullmatch("(?s:.+)".join(map(re.escape, parts)), text) is not None


@dataclass(frozen=True)
class Media:
    """One media type of an answer or a request."""

    type: str
    schema: Schema
    examples: Mapping[str, Example]


@dataclass(frozen=True)
class Answer:
    """One status of an operation. `headers` are those the contract names; `reason` is the reason phrase, if it does."""

    status: int
    description: str
    provenance: Provenance
    pointer: str
    media: Mapping[str, Media]
    headers: Mapping[str, Schema]
    reason: str

    def example(self, name: str) -> Example | None:
        """The example of this name in any media type."""
        return next((media.examples[name] for media in self.media.values() if name in media.examples), None)


def read_answer(document: Document, status: str, place: Place) -> Answer:
    """The answer at a place of the document."""
    components = document.data.get("components", {})
    headers = {
        name: Schema(document.at(header.pointer, "schema").node, header.pointer, components)
        for name, header in document.children(place, "headers")
    }
    return Answer(
        int(status),
        place.node.get("description", ""),
        Provenance(place.node.get("x-provenance", "inferred")),
        place.pointer,
        read_media(document, place),
        headers,
        place.node.get("x-reason", ""),
    )


def read_media(document: Document, place: Place) -> dict[str, Media]:
    """The `content` of an answer or a request's body."""
    components = document.data.get("components", {})
    found = {}
    for name, media in document.children(place, "content"):
        schema = document.at(media.pointer, "schema") if "schema" in media.node else Place({}, media.pointer)
        examples = {
            each: Example(
                each,
                example.node.get("value"),
                example.node.get("summary", ""),
                Provenance(example.node.get("x-provenance", "inferred")),
                example.pointer,
            )
            for each, example in document.children(media, "examples")
        }
        found[name] = Media(name, Schema(schema.node, schema.pointer, components), examples)
    return found
