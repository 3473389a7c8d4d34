"""The public API, version 2. Modules add their routes to this blueprint; `register` loads them."""

from flask import Blueprint, Flask

blueprint = Blueprint("v2", __name__, url_prefix="/v2")


def register(app: Flask) -> None:
    from api.http.v2 import (  # noqa: F401 - importing adds the routes
        bulk,
        letters,
        notifications,
        received_texts,
        sending,
        templates,
    )

    app.register_blueprint(blueprint)
