"""The short way through Flask: what it would find out anew at each request, and never changes, is remembered."""

from collections.abc import Callable, Iterable
from contextlib import closing
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response, has_request_context
from werkzeug.routing import MapAdapter
from werkzeug.wsgi import ClosingIterator

from lms.kernel import security
from lms.kernel.hot import Environ, StartResponse

Entry = Callable[[Environ, StartResponse], Iterable[bytes]]
_HEADERS = (*security.HEADERS.items(), ("Cache-Control", "private, no-store"))
_PLAIN = frozenset((int, str))
_MOST_HOSTS = 100  # a host is whatever the client says


class Whole(Response):
    """A response handed over in one piece where it is one: the server sends a list at once, anything else piece by piece from another thread."""

    def get_app_iter(self, environ: Environ) -> Iterable[bytes]:
        """Return what is sent; what is still being made, and a file, are left to the server."""
        pieces = super().get_app_iter(environ)
        if not isinstance(pieces, ClosingIterator) or not self.is_sequence:
            return pieces
        with closing(pieces):
            return list(pieces)


class App(Flask):
    """Flask that remembers addresses: thousands of pages show the same few thousand."""

    response_class = Whole

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._adapters: dict[tuple[str, str, str], tuple[MapAdapter, str]] = {}

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds a route: a host is examined once, and only path and method are of the request."""
        if request is None:
            return super().create_url_adapter(request)
        environ = request.environ
        host, path = environ.get("HTTP_HOST"), environ.get("PATH_INFO")
        if not host or not path or "HTTP_UPGRADE" in environ:
            return super().create_url_adapter(request)
        place = (host, environ["wsgi.url_scheme"], environ.get("SCRIPT_NAME", ""))
        known = self._adapters.get(place)
        if known is None:
            first = super().create_url_adapter(request)
            if first is not None and len(self._adapters) < _MOST_HOSTS:
                self._adapters[place] = first, request.host
            return first
        like, request.host = known
        query = request.query_string.decode(errors="replace")
        return MapAdapter(like.map, like.server_name, like.script_name, like.subdomain, like.url_scheme, request.path, request.method, query)

    def url_for(
        self, /, endpoint: str, *, _anchor: str | None = None, _method: str | None = None, _scheme: str | None = None,
        _external: bool | None = None, **values: Any,
    ) -> str:  # fmt: skip
        """Return an address; only a path is remembered, which depends on nothing but the endpoint and its values."""
        more = _anchor or _method or _scheme or _external or endpoint.startswith(".") or not has_request_context()
        if more or not _PLAIN.issuperset(map(type, values.values())):
            return super().url_for(endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values)
        return self._path(endpoint, **values)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return what is to be called: nothing here is a coroutine, so nobody asks some fifteen times a request."""
        return func

    @lru_cache(20_000, typed=True)  # noqa: B019 - there is one app
    def _path(self, endpoint: str, **values: Any) -> str:
        return super().url_for(endpoint, **values)


def headed(app: Entry) -> Entry:
    """Add the headers that every answer has, last of all: Werkzeug searches through all of them at each question."""

    def entry(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], fault: Any = None) -> Any:
            said = {name for name, _value in headers}
            return start_response(status, headers + [line for line in _HEADERS if line[0] not in said], fault)

        return app(environ, start)

    return entry
