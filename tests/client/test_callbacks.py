"""What comes to a replyUrl: read, checked, and told once and in order."""

import io
import json
import re
from datetime import UTC, datetime
from itertools import permutations
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

import contracts.client.callbacks as module
from callbacks.receivers import Received, Reply, receiving
from client.conftest import Live
from client.playing import NEW, OTHER, SOURCE, video
from client.reading import operations
from contracts.client import Client
from contracts.client.callbacks import BadCallback, BadSignature, Inbox, read_callback

SECRET: Final = "whsec_" + "QUJD" * 8
NAMES: Final = {5: "QUEUED", 10: "GENERATING", 1: "COMPLETED", 7: "MODERATED", 8: "FAILED"}


def body(status: int = 1, video_id: str = NEW, **fields: Any) -> bytes:
    """A callback as it comes."""
    return json.dumps(video(status, video_id, video_status_name=NAMES.get(status, "NEW"), **fields)).encode()


def test_documented_example_is_read() -> None:
    """With its references."""
    node = operations()["upscaleVideo"]["callbacks"]["videoProgress"]["{$request.body#/replyUrl}"]["post"]
    value = node["requestBody"]["content"]["application/json"]["examples"]["completed"]["value"]
    callback = read_callback(json.dumps(value).encode())
    assert (callback.reply_ref, callback.video.reply_url) == (value["replyRef"], value["replyUrl"])
    assert callback.video.status.name == "COMPLETED"


def test_reference_is_found_where_other_services_have_it() -> None:
    """The vendor's receivers look there, too."""
    assert read_callback(body(response={"replyRef": "order-17"})).reply_ref == "order-17"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is JSON"),
        (b"\xff\xfe", "is JSON"),
        (b"[" * 100_000, "is JSON"),
        (b"video_id=1", "is JSON"),
        (b"[]", "is a video: an object was expected"),
        (b"{}", "is a video: video_id is missing"),
        (b'{"video_id": 5, "video_status": 1}', "video_id: str was expected, got 5"),
        (b'{"video_id": "../../etc/passwd", "video_status": 1}', "is the id of a video"),
        (json.dumps({"video_id": NEW}).encode(), "video_status"),
        (b" " * 2_000_000, "at most 1048576 bytes"),
    ],
)
def test_anything_else_is_refused(content: bytes, words: str) -> None:
    """With one sentence that says what is wrong."""
    with pytest.raises(BadCallback, match=words) as caught:
        read_callback(content)
    assert str(caught.value).isprintable()


@given(st.binary(), st.dictionaries(st.text(), st.text()))
def test_bytes_of_any_kind_do_no_harm(content: bytes, headers: dict[str, str]) -> None:
    """Refused, and nothing but that."""
    with pytest.raises(BadCallback):
        Inbox(secret=SECRET).receive(content, headers)


def test_duplicate_is_no_news() -> None:
    """By its bytes, where it has no id."""
    inbox = Inbox()
    assert inbox.receive(body(10)) is not None
    assert inbox.receive(body(10)) is None


def test_duplicate_is_known_by_its_id() -> None:
    """Whatever its body has become."""
    inbox = Inbox()
    assert inbox.receive(body(10), {"Webhook-Id": "msg_1"}) is not None
    assert inbox.receive(body(10, likes=1), [("webhook-id", "msg_1")]) is None


def test_progress_is_news() -> None:
    """The same status with something new in it."""
    inbox = Inbox()
    assert inbox.receive(body(10)) is not None
    assert inbox.receive(body(10, likes=1)) is not None


@pytest.mark.parametrize("late", [5, 10, 8, 1])
def test_nothing_is_news_after_the_end(late: int) -> None:
    """Nor is another end."""
    inbox = Inbox()
    assert inbox.receive(body(1)) is not None
    assert inbox.receive(body(late, likes=2)) is None


def test_status_that_the_contract_does_not_have_is_news() -> None:
    """It has no place in the order, so it changes none."""
    inbox = Inbox()
    told = [inbox.receive(body(status)) for status in (10, 77, 5)]
    assert [each is not None for each in told] == [True, True, False]


@pytest.mark.parametrize("order", list(permutations((5, 10, 1))))
def test_news_come_in_order_whatever_comes(order: tuple[int, ...]) -> None:
    """Ranks never fall, and the end is told once and is the last."""
    inbox = Inbox()
    told = [news.video.status for status in (*order, *order) if (news := inbox.receive(body(status)))]
    assert [each.rank for each in told] == sorted(each.rank for each in told)
    assert [each.name for each in told].count("COMPLETED") == 1
    assert told[-1].name == "COMPLETED"


def test_videos_have_nothing_to_do_with_each_other() -> None:
    """Each has its own order."""
    inbox = Inbox()
    assert inbox.receive(body(1, NEW)) is not None
    assert inbox.receive(body(5, OTHER)) is not None


def test_memory_is_bounded() -> None:
    """The oldest are forgotten first."""
    inbox = Inbox(keep=2)
    ids = [f"user:1-pixverse:a@b-video:{number}" for number in range(3)]
    for each in ids:
        assert inbox.receive(body(1, each)) is not None
    assert [inbox.receive(body(1, each)) is not None for each in reversed(ids)] == [False, False, True]


def test_call_of_the_mock_verifies(calling: Live) -> None:
    """Signed, on a real socket; the tampered one does not."""
    inbox = Inbox(secret=SECRET)
    with receiving() as receiver:
        calling.control("PUT", "scenario", {"callbacks": {"secret": SECRET}})
        with Client(calling.token, calling.url, sleep=calling.advance) as client:
            client.upscale_and_wait(SOURCE, reply_url=receiver.url, reply_ref="order-17")
        for call in receiver.received:
            with pytest.raises(BadSignature):
                inbox.receive(call.content + b" ", call.headers)
        news = [inbox.receive(call.content, call.headers) for call in receiver.received]
    assert [each.video.status.name for each in news if each][-1] == "COMPLETED"
    assert {each.reply_ref for each in news if each} == {"order-17"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "a", "webhook-timestamp": "soon", "webhook-signature": "v1,x"},
        {"webhook-id": "a", "webhook-timestamp": "0", "webhook-signature": "v1,x"},
    ],
)
def test_call_without_a_good_signature_is_refused(headers: dict[str, str]) -> None:
    """Whichever part of it is missing or wrong."""
    with pytest.raises(BadSignature, match="the signature does not fit"):
        read_callback(body(), headers, secret=SECRET)


@pytest.mark.parametrize("signature", ["v1", "v1,%%%", ",,,", "v2,QUJD"])
def test_signature_of_no_known_form_is_refused(signature: str) -> None:
    """And raises nothing else."""
    now = datetime.now(UTC)
    headers = {"webhook-id": "a", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    with pytest.raises(BadSignature):
        read_callback(body(), headers, secret=SECRET)
    headers["webhook-signature"] = Webhook(SECRET).sign("a", now, body().decode())
    assert read_callback(body(), headers, secret=SECRET).id == "a"


# The receivers of the docstring


def snippets() -> list[dict[str, Any]]:
    """The examples at the top of the module, run."""
    lines = (module.__doc__ or "").splitlines()
    code = "\n".join(line[4:] if line.startswith("    ") else "" if not line else "#---" for line in lines)
    found = []
    for text in re.split(r"(?m)^#---$", code):
        if text.strip():
            names: dict[str, Any] = {"__name__": "receiver"}
            exec(compile(text, "example", "exec"), names)
            found.append(names)
    return found


def _flask(app: Any, content: bytes) -> int:
    return int(app.test_client().post("/callback", data=content).status_code)


def _wsgi(app: Any, content: bytes) -> int:
    statuses: list[str] = []
    environ = {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
    assert b"".join(app(environ, lambda status, _: statuses.append(status)))
    return int(statuses[0].split()[0])


@pytest.mark.parametrize(("index", "post"), [(0, _flask), (1, _wsgi)], ids=["flask", "wsgi"])
def test_receiver_of_the_docs_works(index: int, post: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the end once, and refuses what is no callback."""
    app = snippets()[index]["app"]
    contents = [body(10), body(1, url="http://a.example/b.mp4", replyRef="order-17"), body(1), b"nonsense"]
    assert [post(app, content) for content in contents] == [200, 200, 200, 400]
    assert capsys.readouterr().out == "order-17 COMPLETED http://a.example/b.mp4\n"


def test_receiver_of_the_docs_gets_the_calls_of_the_mock(calling: Live, capsys: pytest.CaptureFixture[str]) -> None:
    """Over a socket."""
    app = snippets()[1]["app"]

    def answer(received: Received) -> Reply:
        return Reply(_wsgi(app, received.content))

    with receiving(answer) as receiver, Client(calling.token, calling.url, sleep=calling.advance) as client:
        client.upscale_and_wait(SOURCE, reply_url=receiver.url, reply_ref="order-17")
    assert urlsplit(capsys.readouterr().out.split()[2]).path.endswith(".mp4")
