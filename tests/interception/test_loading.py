"""What the package of the transports loads, and when."""

import subprocess
import sys

import pytest

from mockserver import interception


def _loaded(code: str) -> set[str]:
    """Which of the clients' libraries are loaded once `code` has run."""
    shown = f"{code}; import sys; print(*{{'requests', 'urllib3', 'httpx', 'h11', 'flask'}} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import mockserver.interception", set()),
        ("from mockserver.interception import RequestsAdapter", {"requests", "urllib3"}),
        ("from mockserver.interception import HttpxTransport, AsyncHttpxTransport", {"httpx", "h11"}),
    ],
)
def test_only_the_client_that_is_asked_for_is_loaded(code: str, loaded: set[str]) -> None:
    """Who has one need not have the other."""
    assert _loaded(code) == loaded


def test_names_of_the_package_lead_somewhere() -> None:
    """All that it lists, and nothing else."""
    assert [getattr(interception, name).__name__ for name in interception.__all__] == interception.__all__
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        getattr(interception, "Nothing")  # noqa: B009 - a name that the type checker knows to be missing
