"""What stands under a test that failed: the stories of its mocks."""

from collections.abc import Iterable, Iterator
from typing import Final

from mockserver.handle.asking import MockError
from mockserver.handle.in_process import PixverseMock
from mockserver.handle.sandbox import PixverseSandbox

_MOST_LINES: Final = 60
_MOST_SANDBOXES: Final = 5


def sections(handles: Iterable[PixverseSandbox]) -> Iterator[tuple[str, str]]:
    """Title and text of each story, but of sandboxes in which nothing happened."""
    for handle in handles:
        try:
            stories = _stories(handle)
        except MockError as error:
            stories = {handle.token: str(error)}
        told = [(token, text) for token, text in stories.items() if text]
        for token, text in told[:_MOST_SANDBOXES]:
            yield f"pixverse: {_title(token)}", text
        if len(told) > _MOST_SANDBOXES:
            yield "pixverse", f"(and {len(told) - _MOST_SANDBOXES} more sandboxes)"


def _stories(handle: PixverseSandbox) -> dict[str, str]:
    if isinstance(handle, PixverseMock):
        return handle.timelines(_MOST_LINES)
    return {handle.token: handle.timeline(_MOST_LINES)}


def _title(token: str) -> str:
    """As much of a token as tells whose sandbox it is."""
    return f"sandbox of {token.partition('-')[0]}-***" if token else "requests that reached no sandbox"
