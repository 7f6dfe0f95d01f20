"""Both OpenAPI documents under the linters that people run on such documents."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from toolchain import tools
from toolchain.documents import CONTRACT, CONTROL, load

pytestmark = pytest.mark.slow

Linter = Callable[[Path], list[str]]
"""Each problem of a document, warnings included, as its rule and its place."""


def openapi_spec_validator(path: Path) -> list[str]:
    tools.need("openapi_spec_validator")
    # Imported here: without it this test alone is skipped.
    from openapi_spec_validator import OpenAPIV31SpecValidator

    errors = OpenAPIV31SpecValidator(load(path)).iter_errors()
    return [f"invalid /{'/'.join(map(str, error.absolute_path))}" for error in errors]


def redocly(path: Path) -> list[str]:
    report: Any = json.loads(tools.npm("redocly", "lint", "--extends=recommended", "--format=json", path).stdout)
    return [f"{problem['ruleId']} {problem['location'][0]['pointer']}" for problem in report["problems"]]


def spectral(path: Path) -> list[str]:
    report: Any = json.loads(tools.npm("spectral", "lint", "--quiet", "--format=json", path).stdout)
    return [f"{problem['code']} /{'/'.join(map(str, problem['path']))}" for problem in report]


EXCEPTIONS: Final[dict[tuple[Linter, Path], list[str]]] = {
    # Redocly wants an answer 4xx of every operation. This one is answered 200, whatever is sent with it.
    (redocly, CONTROL): ["operation-4xx-response #/paths/~1__mock~1health/get/responses"],
}


@pytest.mark.parametrize("path", [CONTRACT, CONTROL], ids=["contract", "control"])
@pytest.mark.parametrize("linter", [openapi_spec_validator, redocly, spectral])
def test_finds_nothing(linter: Linter, path: Path) -> None:
    """No error, warning or hint but the exceptions, and each of them is still needed."""
    assert linter(path) == EXCEPTIONS.get((linter, path), [])


@pytest.mark.parametrize(
    ("linter", "problem"),
    [
        (openapi_spec_validator, "invalid /info"),
        (redocly, "struct #/info"),
        (spectral, "oas3-schema /info"),
    ],
)
def test_sees_a_flaw(linter: Linter, problem: str, tmp_path: Path) -> None:
    """A contract without a version of its own, which OpenAPI requires, is reported."""
    document = load(CONTRACT)
    del document["info"]["version"]
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert linter(path) == [problem]
