"""The linked accounts of a sandbox, by their emails."""

from mockserver.domain import refusals
from mockserver.domain.model import Account


class Accounts(dict[str, Account]):
    """Accounts by email, in the order in which they were linked."""

    def find(self, email: str | None) -> Account:
        """The account of this email, or the only one if None.

        Raises UnknownAccount, and if `email` is None while not exactly one account is linked, NoAccounts or
        EmailRequired.
        """
        if email is None:
            if not self:
                raise refusals.NoAccounts
            if len(self) > 1:
                raise refusals.EmailRequired(accounts=len(self))
            return next(iter(self.values()))
        account = self.get(email)
        if account is None:
            raise refusals.UnknownAccount(email=email)
        return account

    def adjust(
        self,
        email: str,
        *,
        credits: int | None = None,
        max_jobs: int | None = None,
        concurrency: int | None = None,
        pending_error: bool | None = None,
    ) -> Account:
        """Set what an outside hand may set; None leaves a value as it is. Raises UnknownAccount."""
        account = self.find(email)
        if credits is not None:
            account.credits = credits
        if max_jobs is not None:
            account.max_jobs = max_jobs
        if concurrency is not None:
            account.concurrency = concurrency
        if pending_error is not None:
            account.pending_error = pending_error
        return account
