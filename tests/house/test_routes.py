"""Every route declares its permission, and every typed one stands in the OpenAPI document."""

from flask import Flask

from lms.kernel.permissions import Permission, Priority
from lms.kernel.shedding import priority_of


def test_every_route_declares_a_permission(built_app: Flask) -> None:
    for rule in built_app.url_map.iter_rules():
        view = built_app.view_functions[rule.endpoint]
        assert isinstance(getattr(view, "permission", None), Permission), f"{rule} declares no permission"


def test_every_route_has_a_class_under_load_and_only_what_an_exam_and_its_watchers_need_is_never_refused(built_app: Flask) -> None:
    first = {rule.rule for rule in built_app.url_map.iter_rules() if priority_of(built_app.view_functions[rule.endpoint], "GET") is Priority.ANSWERS}
    assert first == {"/healthz", "/readyz", "/metrics", "/exams/<code>/room", "/exams/<code>/pictures/<digest>", "/api/exam/resume", "/api/exam/rest"}
    hot = {route.path for route in built_app.extensions["hot_routes"] if route.priority is Priority.ANSWERS}
    assert hot == {"/api/exam/save", "/api/exam/submit", "/api/exam/remaining"}


def test_every_hot_route_declares_a_permission(built_app: Flask) -> None:
    for route in built_app.extensions["hot_routes"]:
        assert isinstance(route.permission, Permission)
        assert route.handler.__doc__, f"{route.path} is described in the OpenAPI document by its docstring"


def test_every_api_route_is_typed_and_described(built_app: Flask) -> None:
    paths = built_app.extensions["openapi"]["paths"]
    for rule in built_app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.rule != "/api/openapi.json":
            described = rule.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
            assert described in paths, f"{rule} is not a typed JSON route"


def test_a_stranger_gets_nothing_behind_the_door(built_app: Flask, app: Flask) -> None:
    client = app.test_client()
    for rule in built_app.url_map.iter_rules():
        view = built_app.view_functions[rule.endpoint]
        if getattr(view, "permission", None) is Permission.ANYONE or rule.arguments or "GET" not in (rule.methods or set()):
            continue
        answer = client.get(rule.rule)
        assert answer.status_code in (302, 401), f"{rule} answers a stranger with {answer.status_code}"
