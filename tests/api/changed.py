"""Our contract with a change, as a file."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from api.mock import UPSCALE
from document import document

Change = Callable[[Any], object]


def contract(folder: Path, change: Change) -> Path:
    """Our contract with a change."""
    data = deepcopy(document())
    change(data)
    path = folder / "contract.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def upscale(data: Any) -> Any:
    return data["paths"][UPSCALE]["post"]
