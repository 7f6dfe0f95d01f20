"""What a video shows. An upscale shows the same as its source, larger."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """The content of a video: shared by a source and all its upscales.

    `width` and `height` are the source's, in pixels; `seconds` is the playing time.
    """

    prompt: str
    quality: str
    aspect_ratio: str
    width: int
    height: int
    seconds: int = 5
    model: str = "v3"
    negative_prompt: str = ""
    motion_mode: str = "normal"
    camera_movement: str = "default"
    style: str = ""

    def size(self, *, upscaled: bool) -> tuple[int, int]:
        """Width and height in pixels: the source's own, or 4K in the same direction."""
        if not upscaled:
            return self.width, self.height
        return (3840, 2160) if self.width >= self.height else (2160, 3840)


CATALOGUE: Final = (
    Footage(
        prompt="A paper boat on a rainy street",
        quality="540p",
        aspect_ratio="16:9",
        width=960,
        height=540,
    ),
    Footage(
        prompt="A lighthouse at dusk, seen from the sea",
        quality="360p",
        aspect_ratio="16:9",
        width=640,
        height=360,
    ),
    Footage(
        prompt="A cat that waits at a window",
        quality="540p",
        aspect_ratio="9:16",
        width=540,
        height=960,
    ),
    Footage(
        prompt="Clouds that run over a mountain lake",
        quality="720p",
        aspect_ratio="16:9",
        width=1280,
        height=720,
    ),
    Footage(
        prompt="A tram turns into an empty square",
        quality="540p",
        aspect_ratio="16:9",
        width=960,
        height=540,
    ),
)
"""The finished videos that an account starts with, oldest first."""
