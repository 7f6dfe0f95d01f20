"""The types that openapi-typescript makes of the contract, under the TypeScript compiler."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from toolchain import tools
from toolchain.documents import CONTRACT

pytestmark = pytest.mark.slow

USER: Final = Path(__file__).with_name("upscale.ts")
OPTIONS: Final = ("--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler")


def test_users_code_compiles(tmp_path: Path) -> None:
    """Code that upscales compiles over the generated types, and the mistakes that it announces are mistakes."""
    generated = tools.npm("openapi-typescript", CONTRACT, "--output", tmp_path / "types.ts")
    assert generated.returncode == 0, generated.stdout + generated.stderr
    shutil.copy(USER, tmp_path)
    compiled = tools.npm("tsc", *OPTIONS, "types.ts", USER.name, folder=tmp_path)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
