"""What was asked of files, as far as it is remembered."""

from mockserver.downloads import Downloads
from mockserver.message import Request

MIB = 1_048_576


def asked(number: int, **request: object) -> Request:
    return Request(**{"method": "GET", "path": f"/media/{number}-960x540.mp4", **request})  # type: ignore[arg-type]


def test_the_last_thousand_are_kept() -> None:
    """Oldest first."""
    downloads = Downloads()
    for number in range(1_200):
        downloads.add(float(number), asked(number), 200)
    assert [(each.number, each.received) for each in downloads] == [(n, float(n)) for n in range(200, 1_200)]


def test_long_heads_take_no_more_than_four_mebibytes() -> None:
    """And leave room again when they go; bodies are not kept."""
    downloads = Downloads()
    for number in range(500):
        downloads.add(0.0, asked(number, headers=[(b"x-long", b"v" * 60_000)], body=b"b" * MIB), 405)
    assert 4 * MIB * 0.9 < sum(each.size for each in downloads) <= 4 * MIB
    assert {each.request.body for each in downloads} == {b""}
    for number in range(1_000):
        downloads.add(0.0, asked(number), 200)
    assert len(list(downloads)) == 1_000


def test_one_monster_leaves_none() -> None:
    """It does not stay either."""
    downloads = Downloads()
    downloads.add(0.0, asked(1), 200)
    downloads.add(0.0, asked(2, query="q" * 5 * MIB), 200)
    assert list(downloads) == []


def test_what_names_no_video_is_not_kept() -> None:
    """There is nobody whom it could be told."""
    downloads = Downloads()
    for path in ("/media/", "/media/x-960x540.mp4", "/media/" + "9" * 30 + "-960x540.mp4"):
        downloads.add(0.0, asked(0, path=path), 404)
    assert list(downloads) == []
