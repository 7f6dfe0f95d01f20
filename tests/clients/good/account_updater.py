"""After a 596 it updates the account, as the answer asks for, and submits once more."""

import sys

import requests

from clients.good.upscaler import GaveUp, Upscaler


class AccountUpdater(Upscaler):
    """Knows the password of the account."""

    updated = False

    def refused(self, answer: requests.Response) -> None:
        if answer.status_code != 596 or self.updated:
            super().refused(answer)
        self.updated = True
        email = self.source.partition("-pixverse:")[2].partition("-video:")[0]
        account = {"email": email, "password": "correct horse", "maxJobs": 3}
        done = self.session.post(f"{self.base_url}/accounts/{email}", json=account, headers=self.headers(), timeout=30)
        if not done.ok:
            raise GaveUp(f"the account can't be updated: {done.status_code}")


if __name__ == "__main__":
    sys.exit(AccountUpdater().run())
