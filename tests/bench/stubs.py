"""What the stub servers are told: a stub per workload that matches what a contract would ask for.

An upscale must have an Authorization header and a `video_id`; `maxJobs` over 8 is refused; a list
needs the header and `limit=2`. The answers are fixed bytes.
"""

import json
import uuid
from collections.abc import Mapping

from workload import LIST_PATH, UPSCALE_PATH, Answer

Json = dict[str, object]

_MOCKOON_FORMAT = 33
_OVER_EIGHT = "^(9|[1-9][0-9]+)$"


def wiremock_mappings(answers: Mapping[str, Answer]) -> Json:
    """Return WireMock's mappings for answers by workload key, as the JSON of one file."""
    token = {"Authorization": {"matches": "Bearer .+"}}
    required: Json = {"matchesJsonPath": "$.video_id"}
    too_many: Json = {"matchesJsonPath": "$[?(@.maxJobs > 8)]"}
    upscale: Json = {"method": "POST", "urlPath": UPSCALE_PATH, "headers": token}
    listing: Json = {"method": "GET", "urlPath": LIST_PATH, "headers": token}
    return {
        "mappings": [
            _mapping(1, {**upscale, "bodyPatterns": [required, too_many]}, answers["W2"]),
            _mapping(2, {**upscale, "bodyPatterns": [required]}, answers["W1"]),
            _mapping(3, {**listing, "queryParameters": {"limit": {"equalTo": "2"}}}, answers["W3"]),
        ]
    }


def _mapping(priority: int, request: Json, answer: Answer) -> Json:
    response = {
        "status": answer.status,
        "headers": {"Content-Type": "application/json"},
        "body": answer.body.decode(),
    }
    return {"priority": priority, "request": request, "response": response}


def mockoon_environment(answers: Mapping[str, Answer], port: int) -> Json:
    """Return a Mockoon environment that serves answers by workload key on a loopback port."""
    token = _rule("header", "Authorization", "null", invert=True)
    required = _rule("body", "video_id", "null", invert=True)
    too_many = _rule("body", "maxJobs", "regex", value=_OVER_EIGHT)
    limit = _rule("query", "limit", "equals", value="2")
    refused = _response(answers["W2"], [token, required, too_many], is_default=False)
    accepted = _response(answers["W1"], [token, required], is_default=False)
    listed = _response(answers["W3"], [token, limit], is_default=False)
    routes = [
        _route("post", UPSCALE_PATH, [refused, accepted, _no_match()]),
        _route("get", LIST_PATH, [listed, _no_match()]),
    ]
    return {
        "uuid": str(uuid.uuid4()),
        "lastMigration": _MOCKOON_FORMAT,
        "name": "bench",
        "endpointPrefix": "",
        "latency": 0,
        "port": port,
        "hostname": "127.0.0.1",
        "folders": [],
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "proxyMode": False,
        "proxyHost": "",
        "proxyRemovePrefix": False,
        "tlsOptions": {
            "enabled": False,
            "type": "CERT",
            "pfxPath": "",
            "certPath": "",
            "keyPath": "",
            "caPath": "",
            "passphrase": "",
        },
        "cors": False,
        "headers": [],
        "proxyReqHeaders": [],
        "proxyResHeaders": [],
        "data": [],
        "callbacks": [],
    }


def _rule(target: str, modifier: str, operator: str, *, value: str = "", invert: bool = False) -> Json:
    return {
        "target": target,
        "modifier": modifier,
        "operator": operator,
        "value": value,
        "invert": invert,
    }


def _no_match() -> Json:
    body = json.dumps({"error": "no stub matches"}).encode()
    return _response(Answer(status=404, headers=(), body=body), [], is_default=True)


def _response(answer: Answer, rules: list[Json], *, is_default: bool) -> Json:
    return {
        "uuid": str(uuid.uuid4()),
        "body": answer.body.decode(),
        "latency": 0,
        "statusCode": answer.status,
        "label": "",
        "headers": [{"key": "Content-Type", "value": "application/json"}],
        "bodyType": "INLINE",
        "filePath": "",
        "databucketID": "",
        "sendFileAsBody": False,
        "rules": rules,
        "rulesOperator": "AND",
        "disableTemplating": True,
        "fallbackTo404": False,
        "default": is_default,
        "crudKey": "id",
        "callbacks": [],
    }


def _route(method: str, path: str, responses: list[Json]) -> Json:
    return {
        "uuid": str(uuid.uuid4()),
        "type": "http",
        "documentation": "",
        "method": method,
        "endpoint": path.lstrip("/"),
        "responses": responses,
        "responseMode": None,
        "streamingMode": None,
        "streamingInterval": 0,
    }
