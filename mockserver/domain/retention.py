"""What a sandbox forgets, so that it stays bounded. Each function changes the parts of a sandbox it is given."""

from collections.abc import Container

from mockserver.domain.model import Account, Video


def forget_oldest(
    account: Account, videos: dict[int, Video], running: Container[int], deleted: dict[int, str], retention: int
) -> dict[int, str]:
    """Keep `retention` finished upscales of the account; returns what is left of `deleted`.

    In batches, so that each upscale costs a constant share. Sources stay: a load test upscales the same one again and
    again. Deleted videos that are older than a forgotten one are forgotten, too.
    """
    excess = len(account.videos) - account.sources - account.upstream - retention
    if excess <= retention // 8 + 64:
        return deleted
    kept, forgotten, last = [], 0, 0
    for number in account.videos:
        if forgotten == excess:
            break
        if number in running or videos[number].job is None:
            kept.append(number)
        else:
            del videos[number]
            last, forgotten = number, forgotten + 1
    account.videos[: len(kept) + forgotten] = kept
    return {number: owner for number, owner in deleted.items() if number > last or owner != account.email}


def remember_deleted(deleted: dict[int, str], video: Video, retention: int) -> None:
    """Note that the video was deleted, and forget those whose deletion is the longest ago beyond `retention`."""
    deleted[video.number] = video.email
    while len(deleted) > retention:
        del deleted[next(iter(deleted))]
