"""`schemathesis run` against the control API, by its own document: no failure."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import requests

from live import TOKEN, Live

pytestmark = pytest.mark.slow

SECONDS: Final = int(os.environ.get("SCHEMATHESIS_CONTROL_SECONDS", os.environ.get("SCHEMATHESIS_SECONDS", "60"))) // 2

CONFIGURATION: Final = """
hooks = "control_hooks"
continue-on-failure = true

[cache]
enabled = false

[generation]
database = "none"
with-security-parameters = false

# What JSON Schema can't say of a request is said by a problem: a scenario has a schema of its own, time never goes
# backwards, an account may not be there.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "412", "429", "5xx"]
"""

HOOKS: Final = '''
import schemathesis

@schemathesis.hook
def map_body(context, body):
    """Nobody waits here for what never happens."""
    if isinstance(body, dict) and isinstance(body.get("timeout"), (int, float)) and body["timeout"] > 0.05:
        return {**body, "timeout": 0.05}
    return body
'''


def test_control_api_keeps_its_document(live: Live, tmp_path: Path) -> None:
    """All phases and all checks; afterwards the mock still answers."""
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "control_hooks.py").write_text(HOOKS, encoding="utf-8")
    document = requests.get(f"{live.url}/__mock/openapi.json", timeout=5).json()
    (tmp_path / "control.json").write_text(json.dumps(document), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SCHEMATHESIS", "USEAPI"))}
    limits = ["--max-time", str(SECONDS), "--seed", "1", "--request-timeout", "20"]
    arguments = [*limits, "--header", f"Authorization: Bearer {TOKEN}"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", "control.json", "--url", live.url, "--no-color", *arguments],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert requests.get(f"{live.url}/__mock/health", timeout=5).json()["status"] == "ok"
