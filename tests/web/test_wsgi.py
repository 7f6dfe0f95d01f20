"""What Flask hands to the seam."""

from mockserver import Settings, create_app


def test_query_given_apart_from_the_path_arrives() -> None:
    """As the test client's users write it; Werkzeug then leaves it out of the raw address."""
    client = create_app(Settings(strict=True)).test_client()
    headers = {"Authorization": "Bearer user:12345-demo"}
    answer = client.get("/v2/pixverse/videos", query_string={"limit": 2}, headers=headers)
    assert len(answer.get_json()["data"]) == 2
    assert client.get("/v2/pixverse/videos?limit=2", headers=headers).get_json() == answer.get_json()
