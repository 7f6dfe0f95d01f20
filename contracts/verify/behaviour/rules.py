"""The rules of behaviour."""

from typing import Final

from contracts.findings import Provenance, Rule

_D: Final = Provenance.DOCUMENTED
_I: Final = Provenance.INFERRED
_UPSCALE: Final = "/paths/~1v2~1pixverse~1videos~1upscale/post"
_LIST: Final = "/paths/~1v2~1pixverse~1videos/get"
_VIDEO: Final = "/paths/~1v2~1pixverse~1videos~1{video_id}"
_ACCOUNT: Final = "/paths/~1v2~1pixverse~1accounts~1{email}"
_SCHEDULER: Final = "/paths/~1v2~1pixverse~1scheduler"
_ORDER: Final = "/info/description"


def _rule(name: str, sentence: str, pointer: str, provenance: Provenance = _I, why: str = "") -> Rule:
    return Rule(name, name.partition("/")[0], sentence, provenance, pointer, why=why)


FULL_REFUSED: Final = _rule(
    "slots/refused-when-full",
    "While as many jobs hold a slot of an account as its maxJobs, an upscale is refused 429.",
    f"{_UPSCALE}/responses/429",
    _D,
    "A provider that takes more than it has makes the jobs of others fail.",
)
FREE_ACCEPTED: Final = _rule(
    "slots/accepted-when-free",
    "While a slot is free, an upscale is not refused 429.",
    f"{_UPSCALE}/responses/429",
    _D,
    "Slots that are paid for can't be used.",
)
REQUEST_MAX_JOBS: Final = _rule(
    "slots/request-max-jobs",
    "The maxJobs of the request goes before the account's own.",
    "/components/schemas/UpscaleRequest/properties/maxJobs",
    _D,
)
UPSTREAM: Final = _rule(
    "slots/upstream",
    "An upscale is refused 429 while as many jobs run upstream as the plan allows; a cancelled one counts, too.",
    _ORDER,
)
FREED: Final = _rule(
    "slots/freed-at-end", "A job that has ended holds no slot any more.", _ORDER, why="A leak of slots ends all work."
)
CANCEL_FREES: Final = _rule(
    "slots/freed-by-cancel", "A cancelled job holds no slot any more.", f"{_SCHEDULER}~1{{id}}/delete", _D
)
CHARGED: Final = _rule(
    "credits/charged-once", "An accepted upscale costs its credits, at once and once.", f"{_UPSCALE}/x-credits"
)
REFUNDED: Final = _rule(
    "credits/refunded", "A job that ends MODERATED or FAILED gives its credits back, once; no other does.", _ORDER
)
STEADY: Final = _rule("credits/steady", "Nothing but an upscale, or a job's end, changes the balance.", _ORDER)
ENOUGH: Final = _rule(
    "credits/refused-without",
    "An upscale is answered 412 exactly when the balance is lower than its cost.",
    f"{_UPSCALE}/responses/412",
    Provenance.VENDOR_CODE,
)
STEPS: Final = _rule("life-cycle/steps", "A status follows another as the life cycle has it.", "/x-lifecycle", _D)
STARTS: Final = _rule(
    "life-cycle/starts", "A new job begins with a status that is not final.", "/x-lifecycle/initial", _D
)
FINAL_STAYS: Final = _rule(
    "life-cycle/final-stays", "A video that is final stays as it is, in every field.", "/x-lifecycle", _D
)
ENDS: Final = _rule("life-cycle/ends", "Every job comes to an end, a cancelled one too.", f"{_UPSCALE}/description", _D)
IDENTITY: Final = _rule(
    "videos/identity-stays",
    "What a video is does not change while it is made: its source, its date, its references.",
    "/components/schemas/Video",
)
LIST_AND_SINGLE: Final = _rule(
    "videos/list-and-single", "A video by itself is the same, in every field, as in the list.", f"{_VIDEO}/get", _D
)
PROCESSING: Final = _rule(
    "videos/processing",
    "A video that is not final is answered 404 by its id, or 200 and not final; a final one 200.",
    f"{_VIDEO}/get",
    _D,
)
PAGING: Final = _rule(
    "videos/paging",
    "Pages by limit and offset give every video once, in the order of the whole.",
    f"{_LIST}/parameters",
)
NEWEST_FIRST: Final = _rule("videos/newest-first", "The list of videos begins with the newest.", _LIST)
KEPT: Final = _rule("videos/kept", "A video stays in the list until it is deleted.", _LIST)
DELETED: Final = _rule("videos/deleted", "A deleted video is gone, in the list and by its id.", f"{_VIDEO}/delete")
UNFINISHED_KEPT: Final = _rule(
    "videos/only-finished-deleted", "Only a finished video can be deleted.", f"{_VIDEO}/delete"
)
APPEARS: Final = _rule(
    "videos/new-appears",
    "An accepted upscale is in the list at once: new, made from the video named, on the same account.",
    f"{_UPSCALE}/responses/200",
    _D,
)
RESULT: Final = _rule(
    "videos/result",
    "A COMPLETED upscale has a url and a size; one that is not final has no size yet.",
    "/components/schemas/Video/properties/url",
    _D,
)
CREATED: Final = _rule(
    "videos/created-at",
    "created_at of a new video is the instant of its upscale, without milliseconds.",
    "/components/schemas/Video/properties/created_at",
    _D,
)
REPLY: Final = _rule(
    "videos/reply-fields",
    "replyRef and replyUrl come back as they were sent, whatever characters they have; none that was not sent.",
    "/components/schemas/Video/properties/replyRef",
    _D,
)
NEW_IDS: Final = _rule("ids/new", "The id of an accepted upscale is one that never was.", f"{_UPSCALE}/responses/200")
OWN_IDS: Final = _rule(
    "ids/own", "An id names the user of the token and the account of the video.", "/components/schemas/VideoId", _D
)
SAME_JOBS: Final = _rule(
    "scheduler/same-jobs", "Both lists of the scheduler have the same running jobs.", f"{_SCHEDULER}~1available/get", _D
)
AGREES: Final = _rule(
    "scheduler/agrees",
    "The scheduler has the jobs that are not final and were not cancelled, and no others.",
    f"{_SCHEDULER}/get",
    _D,
)
COUNTS: Final = _rule(
    "scheduler/counts",
    "The scheduler counts right: maxJobs of the account, its running jobs, and what is left of slots and plan.",
    f"{_SCHEDULER}~1available/get",
)
JOBS_ORDER: Final = _rule(
    "scheduler/order", "Running jobs are listed in the order of their start.", f"{_SCHEDULER}/get", _D
)
ELAPSED: Final = _rule(
    "scheduler/elapsed",
    "`started` stays, is the instant of the upscale, and `elapsed` is the time since then.",
    "/components/schemas/RunningJob",
    _D,
)
CANCEL: Final = _rule(
    "scheduler/cancel", "A running job can be cancelled, once; nothing else can.", f"{_SCHEDULER}~1{{id}}/delete", _D
)
PENDING: Final = _rule(
    "accounts/pending-error",
    "An upscale is answered 596 while its account has a pending error, which only an update of the account clears.",
    f"{_UPSCALE}/responses/596",
    _D,
)
PENDING_SHOWN: Final = _rule(
    "accounts/error-shown",
    "An account carries `error` while it has a pending error, and only then.",
    "/components/schemas/Account/properties/error",
    _D,
)
SAVED: Final = _rule(
    "accounts/saved", "An account that was saved is there, with what was sent.", f"{_ACCOUNT}/post", _D
)
SAME_ACCOUNT: Final = _rule(
    "accounts/list-and-single", "An account by itself is the same as in the list.", f"{_ACCOUNT}/get", _D
)
UNLINKED: Final = _rule(
    "accounts/unlinked", "An account that was unlinked is gone, and the others are counted.", f"{_ACCOUNT}/delete"
)
USER: Final = _rule(
    "user/updated", "What was set of the user is there; the rest stays.", "/paths/~1v2~1account/post", _D
)
USER_ACCOUNTS: Final = _rule(
    "user/accounts", "The accounts of the user are the linked ones.", "/components/schemas/User/properties/accounts"
)
ACCEPTED: Final = _rule(
    "requests/accepted",
    "A request of the documented form that nothing speaks against is accepted, unknown fields or not.",
    f"{_UPSCALE}/requestBody",
    _D,
)
REFUSED: Final = _rule(
    "requests/refused",
    "A request without the documented form, or for a video that can't be upscaled, is refused.",
    f"{_UPSCALE}/responses/400",
    _D,
)
ORDER: Final = _rule(
    "requests/order-of-checks",
    "Checks come in their order: token, form, video, pending error, credits, slots.",
    _ORDER,
)
REFUSAL_CHANGES_NOTHING: Final = _rule(
    "refusals/change-nothing", "A request that is refused changes nothing that can be read.", _ORDER
)
READS_CHANGE_NOTHING: Final = _rule("reads/change-nothing", "A read changes nothing.", "/paths", _D)
NOTHING_ELSE: Final = _rule("effects/nothing-else", "What a call does not concern stays as it was.", "/paths")

RULES: Final = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
