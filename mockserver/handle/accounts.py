"""The accounts of a sandbox, as a test has them."""

from dataclasses import dataclass, field
from urllib.parse import quote

from mockserver.handle.asking import Ask
from mockserver.handle.told import Account


@dataclass(frozen=True, slots=True)
class AccountsHandle:
    """The linked accounts of a sandbox, in the order in which they were linked."""

    ask: Ask = field(repr=False)

    def list(self) -> list[Account]:
        """All of them."""
        accounts: list[Account] = self.ask("GET", "/__mock/accounts")["data"]
        return accounts

    def get(self, email: str | None = None) -> Account:
        """The account of this email, else the first one. Raises LookupError."""
        accounts = self.list()
        for account in accounts:
            if email in (None, account["email"]):
                return account
        known = ", ".join(account["email"] for account in accounts)
        raise LookupError(f"no account {email or 'at all'} is linked; there are {known or 'none'}")

    def adjust(
        self,
        email: str | None = None,
        *,
        credits: int | None = None,
        max_jobs: int | None = None,
        concurrency: int | None = None,
        pending_error: bool | None = None,
    ) -> Account:
        """Set what is given for the account of this email, else the first one; returns it as it is then.

        Raises LookupError without any account, MockError for an unknown one and for values out of range.
        """
        given = {"credits": credits, "maxJobs": max_jobs, "concurrency": concurrency, "pendingError": pending_error}
        body = {name: value for name, value in given.items() if value is not None}
        whose = email or self.get()["email"]
        account: Account = self.ask("PATCH", f"/__mock/accounts/{quote(whose, safe='@')}", body)
        return account
