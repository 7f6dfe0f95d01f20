"""What a contract may hold: a keyword that is not honoured stops the start, with one line that says where."""

from pathlib import Path

import pytest

from spec.documents import GET, MEDIA, OK, Change, contract, get, media, operation, refusal, schema

BODY = {"content": {"application/json": {"schema": {}}}, "required": True}
CALLBACK = {"onEvent": {"{$request.body#/url}": {"post": {**operation(operationId="called"), "servers": []}}}}


@pytest.mark.parametrize(
    ("change", "pointer", "sentence"),
    [
        (lambda d: d.update(webhooks={}), "/webhooks", "keyword 'webhooks' of a document is not honoured here"),
        (
            lambda d: d.update(components={"headers": {}}),
            "/components/headers",
            "keyword 'headers' of a components is not honoured here",
        ),
        (
            lambda d: d["paths"]["/things/{id}"].update(trace={}),
            "/paths/~1things~1{id}/trace",
            "keyword 'trace' of a path item is not honoured here",
        ),
        (
            lambda d: get(d).update(servers=[]),
            f"{GET}/servers",
            "keyword 'servers' of a operation is not honoured here",
        ),
        (
            lambda d: get(d).update(parameters=[{"name": "q", "in": "query", "explode": True}]),
            f"{GET}/parameters/0/explode",
            "keyword 'explode' of a parameter is not honoured here",
        ),
        (
            lambda d: get(d).update(parameters=[{"name": "X-A", "in": "header"}]),
            f"{GET}/parameters/0/in",
            "a parameter in 'header' is not honoured here",
        ),
        (
            lambda d: get(d).update(requestBody={**BODY, "$ref": "#/x"}),
            f"{GET}/requestBody/$ref",
            "keyword '$ref' of a request body is not honoured here",
        ),
        (
            lambda d: get(d).update(requestBody={"content": {"application/json": {"encoding": {}}}, "required": True}),
            f"{GET}/requestBody/content/application~1json/encoding",
            "keyword 'encoding' of a media type is not honoured here",
        ),
        (
            lambda d: d["paths"]["/things/{id}"]["parameters"][0].update(style="matrix"),
            "/paths/~1things~1{id}/parameters/0/style",
            "keyword 'style' of a parameter is not honoured here",
        ),
        (
            lambda d: d["paths"]["/things/{id}"]["parameters"][0]["schema"].update(multipleOf=2),
            "/paths/~1things~1{id}/parameters/0/schema/multipleOf",
            "keyword 'multipleOf' of a schema is not honoured here",
        ),
        (
            lambda d: media(d).update(encoding={}),
            f"{MEDIA}/encoding",
            "keyword 'encoding' of a media type is not honoured here",
        ),
        (
            lambda d: get(d)["responses"]["200"]["content"].update({"text/html": {}}),
            f"{OK}/content/text~1html",
            "media type 'text/html' is not honoured here",
        ),
        (
            lambda d: get(d)["responses"]["200"].update(headers={"X-Total": {}}),
            f"{OK}/headers/X-Total",
            "header 'X-Total' is not honoured here, only Retry-After",
        ),
        (
            lambda d: get(d).update(callbacks=CALLBACK),
            f"{GET}/callbacks/onEvent/{{$request.body#/url}}/post/servers",
            "keyword 'servers' of a operation is not honoured here",
        ),
        (
            lambda d: d.update(components={"schemas": {"A": {"patternProperties": {}}}}),
            "/components/schemas/A/patternProperties",
            "keyword 'patternProperties' of a schema is not honoured here",
        ),
        (
            lambda d: d.update(components={"parameters": {"P": {"name": "p", "in": "query", "style": "form"}}}),
            "/components/parameters/P/style",
            "keyword 'style' of a parameter is not honoured here",
        ),
        (
            lambda d: d.update(
                components={"responses": {"R": {"description": "", "headers": {"Retry-After": {"required": True}}}}}
            ),
            "/components/responses/R/headers/Retry-After/required",
            "keyword 'required' of a header is not honoured here",
        ),
        (schema({"if": {}}), f"{MEDIA}/schema/if", "keyword 'if' of a schema is not honoured here"),
        (
            schema({"items": {"contains": {}}}),
            f"{MEDIA}/schema/items/contains",
            "keyword 'contains' of a schema is not honoured here",
        ),
        (
            schema({"additionalProperties": {"$id": "x"}}),
            f"{MEDIA}/schema/additionalProperties/$id",
            "keyword '$id' of a schema is not honoured here",
        ),
        (
            schema({"not": {"then": {}}}),
            f"{MEDIA}/schema/not/then",
            "keyword 'then' of a schema is not honoured here",
        ),
        (
            schema({"anyOf": [{}, {"exclusiveMinimum": 1}]}),
            f"{MEDIA}/schema/anyOf/1/exclusiveMinimum",
            "keyword 'exclusiveMinimum' of a schema is not honoured here",
        ),
        (
            schema({"properties": {"a": {"nullable": True}}}),
            f"{MEDIA}/schema/properties/a/nullable",
            "keyword 'nullable' of a schema is not honoured here",
        ),
        (
            lambda d: d.update(servers=[{"url": "https://a.example/v1"}]),
            "/servers/0/url",
            "a base path in a server's url is not honoured here",
        ),
        (
            lambda d: d.update(servers=[{"url": "/v1"}]),
            "/servers/0/url",
            "a base path in a server's url is not honoured here",
        ),
        (
            lambda d: d.update(servers=[{"url": "https://a.example", "variables": {}}]),
            "/servers/0/variables",
            "keyword 'variables' of a server is not honoured here",
        ),
        (
            lambda d: d.update(components={"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "k"}}}),
            "/components/securitySchemes/key",
            "security scheme 'apiKey' is not honoured here, only http bearer",
        ),
        (
            lambda d: d.update(components={"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}}),
            "/components/securitySchemes/basic",
            "security scheme 'http basic' is not honoured here, only http bearer",
        ),
        (
            schema({"properties": {"a": {"format": "int32"}}}),
            f"{MEDIA}/schema/properties/a/format",
            "format 'int32' is not checked here",
        ),
        (
            schema({"properties": {"a": 5}}),
            f"{MEDIA}/schema/properties/a",
            "schema must be an object, got 5",
        ),
        (
            lambda d: get(d)["responses"].update({"200": "yes"}),
            OK,
            "response must be an object, got 'yes'",
        ),
    ],
)
def test_what_is_not_honoured_stops_the_start(change: Change, pointer: str, sentence: str, tmp_path: Path) -> None:
    """The line names the place in the document and the keyword."""
    data = contract()
    change(data)
    assert refusal(tmp_path, data) == f"{pointer}: {sentence}"
