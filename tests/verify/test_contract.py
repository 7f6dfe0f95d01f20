"""The contract as the checking side reads it."""

import re
from pathlib import Path

import pytest

from contracts.contract import Contract, ContractError, default_path

CONTRACT = Contract.load()


def test_every_operation_is_read_with_its_answers() -> None:
    """The operations are those of the document, by operationId, with the statuses as numbers."""
    said = set(re.findall(r"(?m)^      operationId: (\w+)$", default_path().read_text(encoding="utf-8")))
    assert set(CONTRACT.operations) == said
    assert set(CONTRACT.operations["upscaleVideo"].answers) == {200, 400, 401, 404, 412, 429, 596}


def test_a_pointer_leads_to_where_an_example_stands() -> None:
    """References are followed: the pointer of a shared example is that of its own place."""
    example = CONTRACT.operations["getFeatures"].answers[400].example("email-required")
    assert example is not None
    assert example.pointer == "/components/examples/EmailRequired"


def test_places_of_a_text_are_filled_or_stand_for_any_text() -> None:
    """A text fits where its places have the values, or anything where no value is known, but never nothing."""
    example = CONTRACT.operations["upscaleVideo"].answers[429].example("account-busy")
    assert example is not None
    assert example.fits("Account a@b.c is busy executing 3 tasks.", {"email": "a@b.c", "maxJobs": 3})
    assert example.fits("Account a@b.c is busy executing 3 tasks.", {"email": "a@b.c"})
    assert not example.fits("Account a@b.c is busy executing 2 tasks.", {"email": "a@b.c", "maxJobs": 3})
    assert not example.fits("Account a@b.c is busy executing  tasks.", {"email": "a@b.c"})


def test_ids_go_raw_into_a_path_and_emails_encoded_into_a_query() -> None:
    """As the vendor's code sends them."""
    one, many = CONTRACT.operations["getVideo"], CONTRACT.operations["listVideos"]
    assert one.address(video_id="user:1-pixverse:a@b.c-video:2").endswith("/videos/user:1-pixverse:a@b.c-video:2")
    assert many.address(email="a+b@c.d", limit=None) == "/v2/pixverse/videos?email=a%2Bb%40c.d"
    with pytest.raises(KeyError):
        one.address()


def test_schemas_tell_what_breaks_them_and_take_any_value() -> None:
    """Values that the validator itself can't take are errors, too, and raise nothing."""
    schema = CONTRACT.schemas["Refused"]
    assert schema.errors({"error": "x"}) == []
    assert "/code" in schema.errors({"error": "x", "code": 400})[0]
    assert CONTRACT.schemas["Email"].errors("\ud800@example.com") != []


def test_life_cycle_knows_what_can_be_seen_later() -> None:
    """A status reaches itself and what legal steps lead to."""
    assert CONTRACT.lifecycle.reaches(5, 1)
    assert not CONTRACT.lifecycle.reaches(10, 5)
    assert not CONTRACT.lifecycle.reaches(1, 8)


@pytest.mark.parametrize(
    "text", ["", "[]", "a: [", "paths: {}", "openapi: 3.1.0\npaths: {/x: {get: {}}}\ncomponents: {}"]
)
def test_what_is_no_contract_is_told_in_one_line(text: str, tmp_path: Path) -> None:
    """Whatever is missing, it is a ContractError."""
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as told:
        Contract.load(path)
    assert "\n" not in str(told.value)
