"""Flask: real routes made from the contract, for embedding, test_client, any WSGI server, `flask run`."""

import logging
import re
from typing import Any, Final

from flask import Flask, request
from flask import Response as FlaskResponse
from werkzeug.exceptions import HTTPException

from mockserver import control, media
from mockserver.api import Api
from mockserver.journal import Exchange
from mockserver.mock import Mock
from mockserver.problem import bug, problem
from mockserver.settings import Settings
from mockserver.web.pages import pages
from mockserver.web.wsgi import to_flask, to_request

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

log = logging.getLogger("mockserver")


def create_app(settings: Settings | None = None, *, api: Api | None = None) -> Flask:
    """An application with a mock of its own, or around `api`.

    Without settings they come from the environment (MOCKSERVER_SEED and so on), as for `flask --app mockserver run`;
    what is wrong with them is a click.ClickException. Else raises ContractError or ScenarioError. The application can't
    know at which address it is served: the control API asks for a token only if the settings have one.
    """
    if api is None and settings is None:
        from mockserver.options import api_from_environment

        api = api_from_environment()
    mock = Mock(api or Api(settings))
    app = Flask("mockserver", static_folder=None)
    app.extensions["mockserver"] = mock
    # The mock decides what a path is; Flask must not redirect to what it takes for a better one.
    app.url_map.merge_slashes = False

    def emulate(**_: Any) -> FlaskResponse:
        coming = mock.exchange(to_request(request))
        return to_flask(coming.response if isinstance(coming, Exchange) else coming.result().response)

    for rule, endpoint, methods in _routes(mock.api):
        app.add_url_rule(rule, endpoint, emulate, methods=methods, provide_automatic_options=False)
    chosen = mock.api.settings
    restricted = bool(chosen.tokens)
    document, catalogue = mock.api.contract.document, mock.api.catalogue
    app.register_blueprint(pages(document, catalogue, chosen.public_url, restricted=restricted))

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> FlaskResponse:
        if error.code in (404, 405):
            return emulate()
        return to_flask(problem(error.code or 500, error.description or ""))

    @app.errorhandler(Exception)
    def broken(error: Exception) -> FlaskResponse:
        if mock.api.settings.strict:
            raise error
        log.error("bug in the mock: %s %s", request.method, request.path, exc_info=error)
        return to_flask(bug(error))

    return app


def _routes(api: Api) -> list[tuple[str, str, tuple[str, ...]]]:
    """Rule, endpoint and methods of all that is no page."""
    routes: list[tuple[str, str, tuple[str, ...]]] = []
    for operation in api.contract.operations.values():
        rule = re.sub(r"\{(\w+)\}", r"<\1>", operation.path)
        routes += [(path, operation.id, (operation.method,)) for path in (rule, f"{rule}/")]
    for prefix, endpoint in ((control.PREFIX, "control"), (media.PREFIX, "media")):
        routes.append((f"{prefix}<path:rest>", endpoint, _METHODS))
    return routes
