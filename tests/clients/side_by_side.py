"""Several upscales at the same time, as some clients do them."""

from concurrent.futures import ThreadPoolExecutor

from clients.good.upscaler import Upscaler


def side_by_side(client: type[Upscaler], count: int) -> int:
    """Run so many clients, each in a thread of its own; the exit status of the worst."""
    with ThreadPoolExecutor(count) as pool:
        return max(pool.map(lambda each: each.run(), [client() for _ in range(count)]))
