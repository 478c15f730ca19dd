"""The yardstick: a bare Flask app with one JSON route and one file, on the same server with the same workers."""

import os

from flask import Flask, Response, jsonify, request, send_file


def create_app() -> Flask:
    """Build it; the file is named by the environment."""
    app, path = Flask("bare"), os.environ["BARE_FILE"]

    @app.post("/json")
    def answer() -> Response:
        return jsonify({"saved": request.get_json()["value"]})

    @app.get("/file")
    def file() -> Response:
        return send_file(path)

    return app
