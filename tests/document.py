"""Our contract as plain data, read apart from both packages and once for all tests."""

from functools import cache
from typing import Any

import yaml

from sources import ROOT


@cache
def document() -> Any:
    """The whole of openapi.yaml. Who wants it otherwise changes a copy."""
    # The loader in Python takes ten times as long.
    return yaml.load((ROOT / "openapi.yaml").read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
