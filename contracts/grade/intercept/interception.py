"""From a client's environment to the mock: certificate, files, and the thread in which the endpoint serves."""

import asyncio
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from contracts.grade.intercept.elsewhere import Elsewhere, Record
from contracts.grade.intercept.endpoint import Endpoint
from contracts.grade.intercept.variables import node_options, preload_text, variables


class Interception:
    """Variables for a client's process, and what came by them that was not for the API. May be asked when it is over.

    `environment` goes on top of the process's own environment.
    """

    def __init__(self, environment: Mapping[str, str], record: Record) -> None:
        self.environment = environment
        self._record = record

    def elsewhere(self) -> list[Elsewhere]:
        """Requests and tunnels to any other host that came through the proxy until now; the first 1,000."""
        return self._record.elsewhere()

    def distrusted(self) -> int:
        """How often a client said that it does not trust the certificate: one with CAs of its own makes no call."""
        return self._record.distrusted()


@contextmanager
def intercepting(target: str, folder: Path, hosts: Sequence[str] = ("api.useapi.net",)) -> Iterator[Interception]:
    """Have what a client sends to `hosts` come to the mock at `target`, "http://127.0.0.1:8596", while this lasts.

    Files are kept in a new folder inside `folder` as long. Raises ValueError for a target without a port, OSError where
    the endpoint can't listen or the files can't be written.
    """
    parts = urlsplit(target)
    if parts.scheme != "http" or not parts.hostname or not parts.port:
        raise ValueError(f"the mock's address must be of the form http://127.0.0.1:8596, got {target}")
    names = frozenset(host.lower() for host in hosts)
    record = Record()
    with TemporaryDirectory(prefix="intercept-", dir=folder) as name:
        inside = Path(name).absolute()
        endpoint = Endpoint((parts.hostname, parts.port), names, _certified(names, inside / "ca.pem"), record)
        try:
            preload = inside / "preload.cjs"
            preload.write_text(preload_text(endpoint.port, names), encoding="utf-8")
            environment = {**variables(endpoint.port, inside / "ca.pem"), "NODE_OPTIONS": node_options(preload)}
            with _serving(endpoint):
                yield Interception(environment, record)
        finally:
            endpoint.close()


def _certified(hosts: frozenset[str], bundle: Path) -> ssl.SSLContext:
    """A server's context with a certificate for the hosts; that of the CA which made it is put into a file."""
    # Imported here: it takes a tenth of a second, and most runs need none.
    from trustme import CA

    authority = CA()
    certificate = authority.issue_cert(*sorted(hosts))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    with certificate.private_key_and_cert_chain_pem.tempfile(dir=str(bundle.parent)) as file:
        context.load_cert_chain(file)
    authority.cert_pem.write_to_path(bundle)
    return context


@contextmanager
def _serving(endpoint: Endpoint) -> Iterator[None]:
    """The endpoint at work, in a thread of its own."""
    loop = asyncio.SelectorEventLoop()
    # A daemon: were this never left, as when the process is ended otherwise, nobody would wait for it.
    thread = threading.Thread(target=loop.run_until_complete, args=(endpoint.run(),), name="interception", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(endpoint.stop)
        thread.join()
        loop.close()
