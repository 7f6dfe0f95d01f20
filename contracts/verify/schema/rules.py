"""The rules of the schema-driven phase: one for each check of Schemathesis that makes sense here, and ours."""

from typing import Final

from contracts.findings import Provenance, Rule

GROUP: Final = "schema"
_PATHS: Final = "/paths"
_MONEY: Final = "A client that trusts the contract breaks, or goes on as if all were well."


def _rule(
    name: str,
    sentence: str,
    pointer: str = _PATHS,
    provenance: Provenance = Provenance.INFERRED,
    why: str = _MONEY,
) -> Rule:
    return Rule(f"{GROUP}/{name}", GROUP, sentence, provenance, pointer, why=why)


SERVER_ERROR: Final = _rule(
    "not-a-server-error",
    "Every request is answered, and none with a server error; 596 is the vendor's own number and none.",
    why="A request that a server can't take should be refused, so that the client knows it need not try again.",
)
STATUS: Final = _rule("status-code-conformance", "Every answer has a status that the contract names for the operation.")
CONTENT_TYPE: Final = _rule(
    "content-type-conformance", "Every answer has a media type that the contract names for its status."
)
HEADERS: Final = _rule(
    "response-headers-conformance", "Headers that the contract names for an answer have the form that it gives them."
)
BODY: Final = _rule("response-schema-conformance", "The body of every answer keeps the schema of its status.")
BAD_REFUSED: Final = _rule(
    "negative-data-rejection",
    "A request that breaks the contract is refused.",
    why="A mistake that is not told is paid for, and never found.",
)
GOOD_ACCEPTED: Final = _rule(
    "positive-data-acceptance",
    "A request that keeps the contract is not refused as malformed.",
    why="What is documented as possible has to be.",
)
METHOD: Final = _rule(
    "unsupported-method",
    "A method that a path does not have is answered 405 with `Allow`, or as an unknown path or a bad token would be.",
    "/x-unmatched",
)
ALLOW: Final = _rule("allow-header-conformance", "`Allow` names the methods that a path has.")
AFTER_DELETE: Final = _rule(
    "use-after-free",
    "What was deleted is gone: it is not answered 200 any more.",
    "/paths/~1v2~1pixverse~1videos~1{video_id}/delete",
)
AVAILABLE: Final = _rule(
    "ensure-resource-availability", "What was made can be found by the links that the contract gives."
)
AUTH: Final = _rule(
    "ignored-auth",
    "A request without a good token is answered 401.",
    "/components/securitySchemes/token",
    Provenance.DOCUMENTED,
    "Else somebody else's credits can be spent.",
)

AUTH_FIRST: Final = _rule(
    "unauthorized-first",
    "The token is looked at before anything else: a bad one is answered 401 whatever else is wrong with the request.",
    "/info/description",
    why="An answer that depends on the rest of the request tells a stranger what exists.",
)
CODE: Final = _rule(
    "code-key",
    "An error carries `code` where its schema names it, equal to the status, and none where the schema forbids it.",
    "/components/schemas/Refused",
    Provenance.DOCUMENTED,
    "Clients tell the two families of errors apart by it.",
)
IDS: Final = _rule(
    "ids-well-formed",
    "Ids in answers have the documented form, and name the user of the token.",
    "/components/schemas/VideoId",
    Provenance.DOCUMENTED,
    "An id of another form can't be sent back.",
)
IDS_NEW: Final = _rule(
    "ids-never-reused",
    "The id of an accepted job is new, also after a cancellation, a deletion, or another job's end.",
    "/components/schemas/UpscaleResult",
    why="A client that keeps results by id overwrites one it has paid for.",
)
SECRETS: Final = _rule(
    "secrets-masked",
    "No answer shows a password or a token that was sent.",
    "/components/schemas/Account",
    Provenance.DOCUMENTED,
    "Answers are logged; secrets in them leak.",
)
REFUSAL: Final = _rule(
    "refusal-changes-nothing",
    "A request that was refused has changed nothing that can be read.",
    why="A client that was told no would have to undo what it does not know of.",
)

BY_SCHEMATHESIS: Final = (
    SERVER_ERROR,
    STATUS,
    CONTENT_TYPE,
    HEADERS,
    BODY,
    BAD_REFUSED,
    GOOD_ACCEPTED,
    METHOD,
    ALLOW,
    AFTER_DELETE,
    AVAILABLE,
    AUTH,
)
"""The rules that checks of Schemathesis judge, of the same names."""

RULES: Final = (*BY_SCHEMATHESIS, AUTH_FIRST, CODE, IDS, IDS_NEW, SECRETS, REFUSAL)
