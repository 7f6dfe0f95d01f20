"""The ids of videos: `user:<userid>-pixverse:<email>-video:<number>`."""

from typing import NamedTuple


class VideoId(NamedTuple):
    """A video's id in its three parts."""

    user: str
    email: str
    number: int

    def __str__(self) -> str:
        return f"user:{self.user}-pixverse:{self.email}-video:{self.number}"

    @classmethod
    def parse(cls, text: str) -> "VideoId":
        """Take a well-formed id apart.

        The contract's pattern is the rule of what is well-formed and is checked before; an email holds no
        colon, so the separators are unambiguous. Raises ValueError for a text that has not the three parts.
        """
        user, separator, rest = text.partition("-pixverse:")
        email, other, number = rest.rpartition("-video:")
        if not (separator and other and user.startswith("user:")):
            raise ValueError(f"not a video id: {text!r}")
        return cls(user[5:], email, int(number))
