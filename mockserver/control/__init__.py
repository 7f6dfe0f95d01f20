"""The control API under /__mock/: what a test does to a mock, and asks of it.

door        Control: a neutral Request in, an exchange out, as control.yaml says
guard       who may call it
call        what a handler is given, and how it says no
overview    all sandboxes, the ready-made scenarios, metrics
state       health, the document, reset, scenario, accounts
clock       the clock of a sandbox
faults      its fault plan
requests    the journal: list, count, find, export
verify      whether what was expected came, or comes
judge       expectations, held against the exchanges
entries     exchanges as they are told
criteria    which exchanges are meant
pattern     what a value has to be like
story       what happened: jobs, callbacks, events
journal     all of it in one document, for who judges the client
sinks       receivers of callbacks, built in
worker      does what takes long
"""

from typing import Final

PREFIX: Final = "/__mock/"


def of_control(path: str) -> bool:
    """Whether a path is the control API's."""
    return path.startswith(PREFIX) or path == PREFIX[:-1]
