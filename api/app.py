"""The web application: public API, internal API, providers' receipts, operations."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from api.config import Settings, load_settings
from api.http import receipts
from api.http.errors import register_error_handlers
from api.http.observe import register_observation
from api.http.ops import register as register_ops
from api.http.responses import register_response_headers
from api.http.unsubscribe import blueprint as unsubscribe
from api.http.v2 import register as register_v2
from api.runtime import Runtime, make_runtime

MAX_BODY_BYTES = 16 * 1024 * 1024


def create_app(settings: Settings | None = None, runtime: Runtime | None = None) -> Flask:
    """`runtime` may be given by tests; otherwise it is made from `settings`, or from the environment."""
    settings = runtime.settings if runtime else settings or load_settings()
    app = Flask("api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.merge_slashes = True
    app.extensions["runtime"] = runtime or make_runtime(settings, pool_size=2)
    if settings.trust_forwarded_proto:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    register_observation(app)
    register_v2(app)
    app.register_blueprint(unsubscribe)
    receipts.register(app)
    register_ops(app)
    register_response_headers(app)
    register_error_handlers(app)
    return app
