"""How a run of a client ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a client's process.

    `status` is its exit status, None where a signal ended it or it had to be stopped; `signal` the name of the signal
    that ended it by itself ("SIGSEGV"), empty for none; `stopped` why it was stopped ("after 150 s"), empty if it ended
    by itself. `started` and `ended` are real instants, in seconds since 1970. `output` is the end of what it printed,
    to standard output and standard error, and `omitted` how many bytes came before. `left` names the processes that it
    left behind and that were ended then.
    """

    status: int | None
    started: float
    ended: float
    signal: str = ""
    stopped: str = ""
    output: bytes = b""
    omitted: int = 0
    left: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it ran, in real seconds."""
        return self.ended - self.started
