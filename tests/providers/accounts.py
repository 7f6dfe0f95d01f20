"""Flaws of accounts and of the user: what is saved, what is shown, and pending errors."""

from typing import Any
from urllib.parse import unquote

import orjson

from mockserver.domain import Account, Sandbox, Video, VideoId
from mockserver.domain.refusals import PendingError
from mockserver.message import Request
from providers.flaw import answering, asking, playing
from providers.told import Told, body_of
from providers.trial import ACCOUNTS, EMAIL, OTHER, USER, VIDEOS, Trial


def _pending(trial: Trial) -> Trial:
    trial.adjust(pending_error=True)
    return trial


@answering(
    "The answer to a saved account repeats its password.",
    "answers/schema",
    "answers/secrets",
    shows=lambda trial: "swordfish" in trial.save().body["password"],
)
def password_is_shown(told: Told) -> None:
    if told.operation == "saveAccount" and told.status == 201:
        told.value["password"] = told.asked.get("password", "")


@answering(
    "The token of an account is shown whole.",
    "answers/schema",
    "answers/secrets",
    shows=lambda trial: "…" not in trial.account()["jwt"]["token"],
)
def token_is_shown(told: Told) -> None:
    if told.operation == "getAccount" and told.status == 200:
        told.value["jwt"]["token"] = "abc0123456789cde"


@answering(
    "The password of an account stands in a field of another name.",
    "answers/secrets",
    shows=lambda trial: trial.save() and trial.account().get("credentials") == "demo@example.com:swordfish",
)
def password_is_hidden(told: Told) -> None:
    if told.operation == "saveAccount" and told.status == 201:
        told.memory[told.value["email"]] = told.asked.get("password", "")
    if told.operation in ("saveAccount", "getAccount") and told.status < 300 and told.value["email"] in told.memory:
        told.value["credentials"] = f"{told.value['email']}:{told.memory[told.value['email']]}"


@answering(
    "The refusal of an account repeats what was sent, with its password.",
    "answers/secrets",
    shows=lambda trial: "swordfish" in trial.save(max_jobs=9).body["error"],
)
def password_in_error(told: Told) -> None:
    if told.operation == "saveAccount" and told.status == 400:
        told.value["error"] += f" in {told.request.body.decode('utf-8', 'replace')}"


@playing(
    "A new `maxJobs` of an account is not saved.",
    "accounts/saved",
    shows=lambda trial: trial.save(max_jobs=2) and trial.account()["maxJobs"] == 3,
)
class LimitNotSaved(Sandbox):
    __slots__ = ()

    def save_account(self, email: str, *, max_jobs: int) -> Account:
        known = self.accounts.get(email)
        return super().save_account(email, max_jobs=known.max_jobs if known else max_jobs)


@answering(
    "A refused update of an account is carried out.",
    "refusals/change-nothing",
    "schema/refusal-changes-nothing",
    shows=lambda trial: (
        trial.ask("POST", f"{ACCOUNTS}/{EMAIL}", email=EMAIL, maxJobs=2).status == 400
        and trial.account()["maxJobs"] == 2
    ),
)
def refused_is_saved(told: Told) -> None:
    account = told.sandbox.accounts.get(str(told.asked.get("email"))) if told.sandbox else None
    limit = told.asked.get("maxJobs")
    if (
        told.operation == "saveAccount"
        and told.status == 400
        and account
        and isinstance(limit, int)
        and 1 <= limit <= 8
    ):
        account.max_jobs = limit


@playing(
    "An unlinked account stays.",
    "accounts/unlinked",
    "schema/use-after-free",
    "documented/listAccounts/404/no-accounts",
    shows=lambda trial: (
        trial.call("DELETE", f"{ACCOUNTS}/{EMAIL}").status == 200
        and trial.call("GET", f"{ACCOUNTS}/{EMAIL}").status == 200
    ),
)
class AccountStays(Sandbox):
    __slots__ = ()

    def delete_account(self, email: str) -> int:
        self.accounts.find(email)
        return len(self.accounts) - 1


@answering(
    "An unlinked account is counted among those that remain.",
    "accounts/unlinked",
    "documented/deleteAccount/200/*",
    shows=lambda trial: trial.call("DELETE", f"{ACCOUNTS}/{EMAIL}").body["remaining"] == 1,
)
def one_more_remains(told: Told) -> None:
    if told.operation == "deleteAccount" and told.status == 200:
        told.value["remaining"] += 1


@answering(
    "The user's accounts are those of the beginning.",
    "user/accounts",
    shows=lambda trial: trial.get(USER) and trial.save(OTHER) and OTHER not in trial.get(USER)["accounts"]["pixverse"],
)
def users_accounts_are_stale(told: Told) -> None:
    if told.operation == "getUser" and told.status == 200:
        key = id(told.sandbox)
        told.value["accounts"] = told.memory.setdefault(key, told.value["accounts"])


@asking(
    "The email in the body need not be that of the path.",
    "requests/refused",
    "documented/saveAccount/400/email-mismatch",
    shows=lambda trial: trial.ask("POST", f"{ACCOUNTS}/{EMAIL}", email=OTHER, password="x", maxJobs=3).status == 201,
)
def email_mismatch(request: Request) -> Request:
    named = unquote(request.path.removeprefix(f"{ACCOUNTS}/"))
    asked = body_of(request)
    if (
        request.method == "POST"
        and named != request.path
        and isinstance(asked.get("email"), str)
        and "@" in asked["email"]
    ):
        request.body = orjson.dumps({**asked, "email": named})
    return request


@playing(
    "The user's default `replyUrl` is not kept.",
    "user/updated",
    "documented/updateUser/200/*",
    shows=lambda trial: (
        trial.ask("POST", USER, replyUrl="http://receiver.test/x") and "replyUrl" not in trial.get(USER)
    ),
)
class DefaultNotKept(Sandbox):
    __slots__ = ()

    def update_user(self, **changes: str | None) -> None:
        super().update_user(name=changes["name"])


@playing(
    "An empty `replyUrl` does not remove the default.",
    "user/updated",
    shows=lambda trial: (
        trial.ask("POST", USER, replyUrl="http://receiver.test/x")
        and trial.ask("POST", USER, replyUrl="")
        and "replyUrl" in trial.get(USER)
    ),
)
class DefaultNotRemoved(Sandbox):
    __slots__ = ()

    def update_user(self, *, name: str | None = None, reply_url: str | None = None) -> None:
        super().update_user(name=name, reply_url=reply_url or None)


@answering(
    "A `replyUrl` of the user that is too long is refused in other words.",
    "documented/updateUser/400/reply-url-too-long",
    shows=lambda trial: (
        trial.ask("POST", USER, replyUrl=f"http://receiver.test/{'x' * 1_024}").body["error"] != "replyUrl is too long"
    ),
)
def too_long_text(told: Told) -> None:
    if told.operation == "updateUser" and told.status == 400:
        told.value["error"] = f"replyUrl must have at most 1024 characters: {told.value['error']}"


@playing(
    "The update of an account does not clear its pending error.",
    "accounts/pending-error",
    "accounts/error-shown",
    shows=lambda trial: _pending(trial).save() and trial.upscale().status == 596,
)
class PendingStays(Sandbox):
    __slots__ = ()

    def save_account(self, email: str, *, max_jobs: int) -> Account:
        pending = email in self.accounts and self.accounts[email].pending_error
        account = super().save_account(email, max_jobs=max_jobs)
        account.pending_error = pending
        return account


@answering(
    "To look at an account clears its pending error.",
    "accounts/pending-error",
    "reads/change-nothing",
    shows=lambda trial: _pending(trial).account() and trial.upscale().status == 200,
)
def pending_is_cleared_by_get(told: Told) -> None:
    if told.operation == "getAccount" and told.status == 200 and told.sandbox is not None:
        told.sandbox.accounts[told.value["email"]].pending_error = False


@playing(
    "A pending error is forgotten when it has been told once.",
    "accounts/pending-error",
    "refusals/change-nothing",
    shows=lambda trial: _pending(trial).upscale() and trial.upscale().status == 200,
)
class PendingIsToldOnce(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        try:
            return super().upscale(source, **more)
        except PendingError:
            self.accounts[source.email].pending_error = False
            raise


@playing(
    "A pending error keeps nobody from an upscale.",
    "accounts/pending-error",
    "documented/upscaleVideo/596/*",
    shows=lambda trial: _pending(trial).upscale().status == 200,
)
class PendingIsIgnored(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        account = self.account_of(source)
        pending, account.pending_error = account.pending_error, False
        try:
            return super().upscale(source, **more)
        finally:
            account.pending_error = pending


@playing(
    "A pending error of one account concerns all.",
    "accounts/pending-error",
    shows=lambda trial: trial.save(OTHER) and _pending(trial).upscale(trial.video_id(OTHER)).status == 596,
)
class PendingOfAll(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        account = self.account_of(source)
        own = account.pending_error
        account.pending_error = any(each.pending_error for each in self.accounts.values())
        try:
            return super().upscale(source, **more)
        finally:
            account.pending_error = own


@answering(
    "The list of an account with a pending error is refused, too.",
    "answers/status",
    "answers/no-crash",
    shows=lambda trial: _pending(trial).call("GET", VIDEOS).status == 596,
)
def pending_refuses_reads(told: Told) -> None:
    if told.operation == "listVideos" and told.sandbox and any(a.pending_error for a in told.sandbox.accounts.values()):
        told.status, told.value = 596, {"error": "Your PixVerse account has pending error."}


@answering(
    "An account does not show its pending error.",
    "accounts/error-shown",
    "accounts/list-and-single",
    shows=lambda trial: "error" not in _pending(trial).account(),
)
def pending_is_hidden(told: Told) -> None:
    if told.operation == "getAccount" and told.status == 200:
        told.value.pop("error", None)
