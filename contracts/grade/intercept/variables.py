"""What a client's process is told by its environment, so that its calls come to the endpoint."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_PRELOAD: Final = Path(__file__).parent / "preload.cjs"
_HERE: Final = "localhost,127.0.0.1,::1"


def variables(port: int, bundle: Path) -> dict[str, str]:
    """The variables for proxies and for the CA, as curl, Python, Node and what resembles them read them."""
    proxy = f"http://127.0.0.1:{port}"
    told = {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy, "NO_PROXY": _HERE}
    told |= {name.lower(): value for name, value in told.items()}
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        told[name] = str(bundle)
    return told


def node_options(preload: Path) -> str:
    """NODE_OPTIONS, with what they hold already."""
    quoted = str(preload).replace("\\", "\\\\").replace('"', '\\"')
    return f'{os.environ.get("NODE_OPTIONS", "")} --require "{quoted}"'.strip()


def preload_text(port: int, hosts: Iterable[str]) -> str:
    """The text of the file that Node preloads."""
    return f"{_PRELOAD.read_text(encoding='utf-8')}\nintercept({port}, {json.dumps(sorted(hosts))});\n"
