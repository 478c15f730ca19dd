"""The yardstick: a bare Flask app with one JSON route, on the same server with the same workers."""

from flask import Flask, Response, jsonify, request


def create_app() -> Flask:
    """Build it."""
    app = Flask("bare")

    @app.post("/json")
    def answer() -> Response:
        return jsonify({"saved": request.get_json()["value"]})

    return app
