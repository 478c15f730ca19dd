"""The OpenAPI 3.1 document, generated from the typed routes."""

import re
from typing import Any

import msgspec
from flask import Flask, Response, current_app

from lms.kernel.hot import HotRoute
from lms.kernel.part import routes
from lms.kernel.payload import encode
from lms.kernel.permissions import Permission, requires

openapi = routes("openapi", __name__)


class RefusalAnswer(msgspec.Struct):
    """What every refusal looks like."""

    code: str
    message: str
    reason: str | None = None


def document(app: Flask, hot_routes: tuple[HotRoute, ...]) -> dict[str, Any]:
    """Return the document: Flask's typed routes and the hot table, one shape."""
    rows: list[tuple[str, str, str, Permission, type | None, type | None]] = [
        (route.path, route.method.lower(), route.handler.__doc__ or "", route.permission, route.payload, route.answer)
        for route in hot_routes
        if not route.prefix
    ]
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        if not hasattr(view, "payload_type"):
            continue
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
            rows.append((path, method.lower(), view.__doc__ or "", view.permission, view.payload_type, view.answer_type))
    types = [kind for row in rows for kind in row[4:] if kind is not None] + [RefusalAnswer]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, summary, permission, payload, answer in rows:
        refusal = {"content": {"application/json": {"schema": by_type[RefusalAnswer]}}}
        operation: dict[str, Any] = {
            "summary": summary.strip().split("\n")[0],
            "x-permission": permission.value,
            "responses": {
                "200": {"description": "done", **({"content": {"application/json": {"schema": by_type[answer]}}} if answer else {})},
                **{status: {"description": "refused", **refusal} for status in ("400", "401", "403", "404", "409", "422", "429", "503")},
            },
        }
        if payload is not None:
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": by_type[payload]}}}
        names = re.findall(r"{([^}]+)}", path)
        if names:
            operation["parameters"] = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
        paths.setdefault(path, {})[method] = operation
    return {"openapi": "3.1.0", "info": {"title": "Teacher training platform", "version": "1"}, "paths": paths, "components": {"schemas": components}}


@openapi.get("/api/openapi.json")
@requires(Permission.ANYONE)
def describe() -> Response:
    """Describe the JSON endpoints."""
    return Response(encode(current_app.extensions["openapi"]), mimetype="application/json")
