"""A client of the PixVerse upscale API that useapi.net sells, for the API itself and for its mock.

    with Client(token) as client:
        video = client.upscale_and_wait("user:12345-pixverse:demo@example.com-video:11223344")
        print(video.url)

client, asynchronous   Client over requests, AsyncClient over httpx: they do what flows ask for
flows, operations      what they do, as generators that send nothing and read no clock
policy                 what is tried again, how long to wait, when to give up
errors                 what can go wrong, as one tree
results, status        what the API answers, as types
callbacks              the calls to replyUrl, for any framework
command                `contracts upscale`, with batch, state, download and display
"""

from typing import TYPE_CHECKING, Any, Final

from contracts.client.callbacks import Callback, Inbox, read_callback
from contracts.client.errors import (
    AccountBusy,
    AllAccountsBusy,
    BadCallback,
    BadRequest,
    BadSignature,
    ClientError,
    ConnectionFailed,
    ContentRefused,
    DeadlineExceeded,
    Ended,
    Failed,
    InsufficientCredits,
    InvalidArgument,
    Moderated,
    NoCapacity,
    NotConnected,
    NotFound,
    PendingError,
    Refused,
    SubscriptionRequired,
    Timeout,
    Unauthorized,
    Unavailable,
    Undecided,
    UnexpectedAnswer,
    UnreadableAnswer,
    UpstreamLimit,
    VideoNotReady,
)
from contracts.client.policy import Policy
from contracts.client.results import Accepted, Account, Availability, Features, RunningJob, User, Video, VideoList
from contracts.client.status import Status

if TYPE_CHECKING:
    from contracts.client.asynchronous import AsyncClient
    from contracts.client.client import Client

__all__ = [
    "Accepted",
    "Account",
    "AccountBusy",
    "AllAccountsBusy",
    "AsyncClient",
    "Availability",
    "BadCallback",
    "BadRequest",
    "BadSignature",
    "Callback",
    "Client",
    "ClientError",
    "ConnectionFailed",
    "ContentRefused",
    "DeadlineExceeded",
    "Ended",
    "Failed",
    "Features",
    "Inbox",
    "InsufficientCredits",
    "InvalidArgument",
    "Moderated",
    "NoCapacity",
    "NotConnected",
    "NotFound",
    "PendingError",
    "Policy",
    "Refused",
    "RunningJob",
    "Status",
    "SubscriptionRequired",
    "Timeout",
    "Unauthorized",
    "Unavailable",
    "Undecided",
    "UnexpectedAnswer",
    "UnreadableAnswer",
    "UpstreamLimit",
    "User",
    "Video",
    "VideoList",
    "VideoNotReady",
    "read_callback",
]

_HOMES: Final = {"AsyncClient": "contracts.client.asynchronous", "Client": "contracts.client.client"}


def __getattr__(name: str) -> Any:
    # Imported when asked for: who uses one of the two need not have the other's library.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
