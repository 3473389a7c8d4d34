"""Operations: health, metrics, the API's description of itself."""

from flask import Flask


def register(app: Flask) -> None:
    from api.http.ops import openapi, status

    app.register_blueprint(status.blueprint)
    app.register_blueprint(openapi.blueprint)
