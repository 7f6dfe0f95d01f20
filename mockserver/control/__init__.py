"""The control API under /__mock/: what a test does to a mock, and asks of it.

door        Control: a neutral Request in, an exchange out, as control.yaml says
call        what a handler is given, and how it says no
state       health, the document, reset, scenario, accounts
clock       the clock of a sandbox
story       what happened: requests, jobs, callbacks, events
sinks       receivers of callbacks, built in
"""

from typing import Final

PREFIX: Final = "/__mock/"


def of_control(path: str) -> bool:
    """Whether a path is the control API's."""
    return path.startswith(PREFIX) or path == PREFIX[:-1]
