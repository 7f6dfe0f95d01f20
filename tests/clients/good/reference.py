"""The reference client of this repository, contracts.client, with its waits divided."""

import os
import sys
import time

from contracts.client import Client, ClientError

SCALE = float(os.environ.get("CLIENT_SCALE", "1"))


def main() -> int:
    """Upscale and wait; the exit status."""
    client = Client(
        os.environ["USEAPI_TOKEN"],
        os.environ["USEAPI_BASE_URL"],
        sleep=lambda seconds: time.sleep(seconds / SCALE),
        clock=lambda: time.monotonic() * SCALE,
    )
    with client:
        try:
            video = client.upscale_and_wait(os.environ["USEAPI_VIDEO_ID"])
        except ClientError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1
    print(video.video_id, video.url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
