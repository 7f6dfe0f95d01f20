"""Puts the contract into both packages of the wheel.

hatchling's force-include takes each source once, so the second copy is included from a temporary file.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ContractHook(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
    """Each package of the wheel reads its own copy of the contract; a checkout's packages read the root's."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Include the copies; an editable install has the checkout's file."""
        if self.target_name != "wheel" or version == "editable":
            return
        contract = Path(self.root, "openapi.yaml")
        self._folder = Path(tempfile.mkdtemp())
        for package in ("mockserver", "contracts"):
            copy = self._folder / f"{package}.yaml"
            shutil.copy(contract, copy)
            build_data["force_include"][str(copy)] = f"{package}/openapi.yaml"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary files."""
        if folder := getattr(self, "_folder", None):
            shutil.rmtree(folder, ignore_errors=True)
