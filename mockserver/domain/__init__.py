"""What the API's world is and does: pure values and rules, no I/O, no clock, no HTTP.

lifecycle   the statuses of a video and the only steps between them
identity    the ids that name videos
footage     what videos show: sizes, prompts
model       Account, Video, Job
accounts    the linked accounts, by email
rules       the numbers a sandbox is played by (prices, durations, limits)
capacity    whether an account may start one more job
refusals    every "no" the domain can say
outbox      the callbacks that are owed, and what became of them
reporting   which callbacks a job's progress makes owed, disturbances included
story       what happened, in time order
retention   what a sandbox forgets
dice        its chance
sandbox     Sandbox: commands and queries, each with its instant
"""

from mockserver.domain.capacity import Availability
from mockserver.domain.footage import Footage
from mockserver.domain.identity import VideoId
from mockserver.domain.lifecycle import Status
from mockserver.domain.model import Account, Job, Video
from mockserver.domain.outbox import Attempt, Callback, Outbox, Outcome, Receipt, Verdict
from mockserver.domain.refusals import Refusal
from mockserver.domain.rules import (
    AccountRules,
    CallbackRules,
    Disturbance,
    Disturbing,
    Durations,
    Endings,
    Rules,
    Which,
)
from mockserver.domain.sandbox import Sandbox
from mockserver.domain.story import Event, Kind, Story

__all__ = [
    "Account",
    "AccountRules",
    "Attempt",
    "Availability",
    "Callback",
    "CallbackRules",
    "Disturbance",
    "Disturbing",
    "Durations",
    "Endings",
    "Event",
    "Footage",
    "Job",
    "Kind",
    "Outbox",
    "Outcome",
    "Receipt",
    "Refusal",
    "Rules",
    "Sandbox",
    "Status",
    "Story",
    "Verdict",
    "Video",
    "VideoId",
    "Which",
]
