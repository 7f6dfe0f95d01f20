"""One plain HTTP exchange, for checking an answer before and after it is timed."""

import http.client

from workload import Answer, Call

HOST = "127.0.0.1"


class UnreachableError(Exception):
    """Nobody answered, or not in HTTP."""


def exchange(port: int, call: Call, *, times: int = 1, timeout: float = 10.0) -> tuple[Answer, bool]:
    """Send `call` `times` times over one connection to `port` on loopback; `timeout` is in seconds.

    Return the last answer, and whether the server left the connection open for another request.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        for _ in range(times):
            connection.request(call.method, call.path, body=call.body or None, headers=dict(call.headers))
            response = connection.getresponse()
            body = response.read()
            stays_open = connection.sock is not None
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answer(status=response.status, headers=headers, body=body), stays_open
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
