"""Why a connection could not be made, in words."""

import os
import ssl

from mockserver.destinations import Target, place


def connect_failure(error: OSError, target: Target, address: str) -> str:
    """What a person can read of the error of connecting to one of the target's addresses."""
    if isinstance(error, ConnectionRefusedError):
        return f"connection refused by {place(address, target.port)}"
    # The exception's own text is the event loop's, as "Connect call failed".
    reason = os.strerror(error.errno) if error.errno else str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"certificate not trusted: {error.verify_message.rstrip('.')}"
    elif isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
    elif isinstance(error, ConnectionError) and target.scheme == "https":
        reason = "the connection was closed"
    else:
        return f"no connection to {place(address, target.port)}: {reason[:1].lower()}{reason[1:]}"
    return f"TLS with {place(target.host, target.port)} failed: {reason}"
