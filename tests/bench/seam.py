"""The mock's seam, called in a process of its own without sockets; `inprocess.py` drives it.

`python seam.py VIDEOS` makes a sandbox with that many more videos and prints a line of JSON. Then
for each line `WHAT SECONDS` on stdin it repeats that call for about so long and prints a line of
JSON with microseconds of wall time and of CPU per call. WHAT is W1, W2, W3 or LIST (the newest 40
videos).
"""

import json
import sys
import time

from inprocess import LIST, LIST_LIMIT
from mockserver.api import Api
from mockserver.message import Request
from mockserver.settings import Settings
from workload import W1, WORKLOADS, Answer, Call, list_call, video_ids

_CALLS_TO_FIND_PACE = 200
_ROOM_FOR_W1 = 2_000_000


class WrongAnswerError(Exception):
    """The seam did not answer as the workload says."""


def make_api(videos: int) -> Api:
    """Return a mock without slot or credit limits that keeps `videos` more videos, and what W1 makes."""
    retention = {"limits.retention": str(videos + _ROOM_FOR_W1)}
    return Api(Settings(scenario="unlimited", changes=retention))


def request_for(call: Call) -> Request:
    """Return `call` as the seam takes it."""
    path, _, query = call.path.partition("?")
    headers = [(name.lower().encode(), value.encode()) for name, value in call.headers]
    headers.append((b"host", b"127.0.0.1:8596"))
    return Request(method=call.method, path=path, query=query, headers=tuple(headers), body=call.body)


def ask(api: Api, call: Call) -> Answer:
    """Put `call` to the seam once. Raise WrongAnswerError on another status than its own."""
    response = api.answer(request_for(call))
    if response.status != call.status:
        text = response.body[:200].decode(errors="replace")
        raise WrongAnswerError(f"{call.method} {call.path}: {response.status} {text}")
    return Answer(status=response.status, headers=(), body=response.body)


def make_videos(api: Api, video_id: str, count: int) -> None:
    """Add `count` videos to the sandbox, each an accepted upscale of `video_id`."""
    call = W1.call(video_id)
    for _ in range(count):
        ask(api, call)


def time_calls(api: Api, call: Call, seconds: float) -> dict[str, float]:
    """Repeat `call` for about `seconds`; return microseconds per call, and the number of calls."""
    ask(api, call)
    request = request_for(call)
    answer, status = api.answer, call.status
    count = _CALLS_TO_FIND_PACE
    for is_timed in (False, True):
        wrong = 0
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            if answer(request).status != status:
                wrong += 1
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if wrong:
            raise WrongAnswerError(f"{call.method} {call.path}: {wrong} of {count} answers were wrong")
        if not is_timed:
            count = max(1, int(count * seconds / max(wall, 1e-9)))
    return {"wall": wall * 1e6 / count, "cpu": cpu * 1e6 / count, "calls": count}


def main() -> None:
    """Answer the lines on stdin until it closes."""
    videos = int(sys.argv[1])
    api = make_api(videos)
    video_id = video_ids(ask(api, list_call(limit=1)).json())[0]
    make_videos(api, video_id, videos)
    calls = {workload.key: workload.call(video_id) for workload in WORKLOADS}
    calls[LIST] = list_call(limit=LIST_LIMIT)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        what, seconds = line.split()
        print(json.dumps(time_calls(api, calls[what], float(seconds))), flush=True)


if __name__ == "__main__":
    main()
