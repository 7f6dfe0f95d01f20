"""Names the token in the URL, too."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def look(self, job: str) -> Any:
        return self.read(f"/videos/{job}", token=self.token)


if __name__ == "__main__":
    sys.exit(Client().run())
