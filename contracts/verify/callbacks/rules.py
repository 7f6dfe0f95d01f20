"""The rules of the callbacks."""

from typing import Final

from contracts.findings import Provenance, Rule

GROUP: Final = "callbacks"
_OPERATION: Final = "/paths/~1v2~1pixverse~1videos~1upscale/post"
_CALLBACK: Final = f"{_OPERATION}/callbacks/videoProgress/{{$request.body#~1replyUrl}}/post"
_DESCRIPTION: Final = f"{_CALLBACK}/description"
_WAITS: Final = "A client that only listens waits for ever, or acts on what is not so."


def _rule(
    name: str,
    sentence: str,
    provenance: Provenance = Provenance.DOCUMENTED,
    pointer: str = _DESCRIPTION,
    why: str = _WAITS,
) -> Rule:
    return Rule(f"{GROUP}/{name}", GROUP, sentence, provenance, pointer, why=why)


FINAL: Final = _rule("final-told", "The end of a job is told to its `replyUrl`.")
EACH: Final = _rule("each-status-told", "Every status that a job has to pass on its way to its end is told.")
ORDER: Final = _rule("order", "The statuses of a job are told in the order of the life cycle; after the end, nothing.")
TWICE: Final = _rule("none-twice", "No change of status is told twice.", Provenance.INFERRED)
EXTRA: Final = _rule(
    "none-extra", "An address is called for the jobs that named it, and for no other; a job that named none, nowhere."
)
FORM: Final = _rule(
    "form",
    "A callback is a POST of one JSON object, with content type application/json.",
    pointer=f"{_CALLBACK}/requestBody",
)
SCHEMA: Final = _rule(
    "schema", "The body of a callback keeps its schema.", Provenance.INFERRED, f"{_CALLBACK}/requestBody"
)
STATUS: Final = _rule(
    "life-cycle",
    "Number, name and finality of the status in a callback are those of one line of the life cycle.",
    pointer="/x-lifecycle/statuses",
)
SAME: Final = _rule(
    "same-as-get", "A callback says what GET says of the video at that time, apart from `replyUrl` and `replyRef`."
)
REPLY_REF: Final = _rule(
    "reply-ref",
    "`replyRef` comes back as it was sent, whatever characters it has; where none was sent, none comes.",
    pointer="/components/schemas/UpscaleRequest/properties/replyRef",
    why="It is how a client finds what the callback belongs to.",
)
REPLY_URL: Final = _rule(
    "reply-url",
    "The address that is called, and `replyUrl` in a callback, are the one that was given, to the last character.",
)
DEFAULT: Final = _rule(
    "default-address",
    "The user's default `replyUrl` is called for jobs whose request names none, and for no other.",
    pointer="/paths/~1v2~1account/post/description",
)
REFUSED: Final = _rule("none-after-refusal", "No callback follows a refusal.", Provenance.VENDOR_CODE)
CANCELLED: Final = _rule("none-after-cancel", "No callback follows the cancellation of a job.")
GONE: Final = _rule(
    "none-after-410",
    "An address that answered 410 is not called again for that video.",
    Provenance.INFERRED,
    f"{_CALLBACK}/responses/410",
)
TROUBLE: Final = _rule(
    "others-unharmed",
    "A receiver that answers with errors, or late, keeps no other job's callbacks back and no job from its end.",
    Provenance.INFERRED,
    f"{_CALLBACK}/responses",
)
NO_TOKEN: Final = _rule(
    "no-token",
    "A callback does not carry the token.",
    Provenance.INFERRED,
    "/components/securitySchemes/token",
    "Whoever can read the receiver's log could spend the user's credits.",
)

RULES: Final = (
    FINAL,
    EACH,
    ORDER,
    TWICE,
    EXTRA,
    FORM,
    SCHEMA,
    STATUS,
    SAME,
    REPLY_REF,
    REPLY_URL,
    DEFAULT,
    REFUSED,
    CANCELLED,
    GONE,
    TROUBLE,
    NO_TOKEN,
)
