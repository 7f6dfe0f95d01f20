"""What the API's world is and does: pure values and rules, no I/O, no clock, no HTTP.

lifecycle   the statuses of a video and the only steps between them
identity    the ids that name videos
footage     what videos show: sizes, prompts
model       Account, Video, Job
rules       the numbers a sandbox is played by (prices, durations, limits)
refusals    every "no" the domain can say
retention   what a sandbox forgets
sandbox     Sandbox: commands and queries, each with its instant
"""

from mockserver.domain.footage import Footage
from mockserver.domain.identity import VideoId
from mockserver.domain.lifecycle import Status
from mockserver.domain.model import Account, Job, Video
from mockserver.domain.refusals import Refusal
from mockserver.domain.rules import AccountRules, Durations, Rules
from mockserver.domain.sandbox import Availability, Event, Sandbox

__all__ = [
    "Account",
    "AccountRules",
    "Availability",
    "Durations",
    "Event",
    "Footage",
    "Job",
    "Refusal",
    "Rules",
    "Sandbox",
    "Status",
    "Video",
    "VideoId",
]
