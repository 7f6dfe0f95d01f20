"""Before it submits it looks whether the account is well and has credits; if not, it submits nothing."""

import sys

from clients.good.upscaler import GaveUp, Upscaler


class ChecksFirst(Upscaler):
    """Spends no call on what is bound to be refused."""

    cost = 20

    def submit(self) -> str:
        email = self.source.partition("-pixverse:")[2].partition("-video:")[0]
        if self.read(f"/accounts/{email}").get("error"):
            raise GaveUp("the account is in trouble")
        if self.read("/features/", email=email)["credit_package"] < self.cost:
            raise GaveUp("there are no credits")
        return super().submit()


if __name__ == "__main__":
    sys.exit(ChecksFirst().run())
