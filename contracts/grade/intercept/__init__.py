"""Runs clients that hard-code https://api.useapi.net, unmodified: their calls come to the mock instead.

Nothing is installed: a proxy on loopback, and variables that are set for the client's process and its children. What
the client sends gets to the mock byte by byte, and the mock's answers, cuts and resets get to the client.

Works, and is tested: curl; Python's requests, httpx and urllib, as they honour proxies and CA variables; Node 20, by
a file that NODE_OPTIONS preloads: fetch, http, https, what is built on them or on net and tls, ES modules, CommonJS,
workers, child processes. So does what sends whole https:// addresses to its proxy in the clear, as axios does.

Calls the real API all the same, where there is a network, as it knows nothing of proxies: aiohttp, unless its session
is made with trust_env=True; sessions of requests and httpx with trust_env=False; Python's http.client; Java.

Comes to the proxy, and no further: clients with CAs of their own, as wget has where it is built with GnuTLS; Node's
http2. HTTP/2 is not offered; most clients then use HTTP/1.1. Python before 3.13 takes a reset under TLS for an end.

No other host is reached through the proxy, nor from Node at all but by UDP; what was tried is told.
"""

from contracts.grade.intercept.elsewhere import Elsewhere
from contracts.grade.intercept.interception import Interception, intercepting

__all__ = ["Elsewhere", "Interception", "intercepting"]
