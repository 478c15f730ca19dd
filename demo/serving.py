"""The demo's server: the product, and a word to whoever opens it before the province is filled."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask

import wsgi
from demo.cast import FILLED
from lms.kernel import installation
from lms.kernel.db import reading
from lms.kernel.hot import Environ, StartResponse

PAGE = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>正在准备演示数据</title>
<h1>正在准备演示数据</h1>
<p>第一次启动约需一两分钟。准备好后，本页会自动打开，无需刷新。</p>
<p lang="en">The demo province is being filled, which takes a minute or two the first time. This page opens by itself.</p>
</html>
""".encode()
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE))), ("Cache-Control", "no-store"), ("Refresh", "3")]
ALWAYS = ("/healthz", "/readyz")


@dataclass(slots=True)
class Patience:
    """The product once it is filled."""

    app: Callable[[Environ, StartResponse], Iterable[bytes]]
    filled: bool = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, or ask to wait."""
        if self._is_filled() or environ["PATH_INFO"] in ALWAYS:
            return self.app(environ, start_response)
        start_response("503 Service Unavailable", HEADERS)
        return [PAGE]

    def _is_filled(self) -> bool:
        if not self.filled:
            with reading() as session:
                self.filled = bool(installation.fact(session, FILLED))
        return self.filled


def create_app() -> Flask:
    """Build the product for the demo."""
    app = wsgi.create_app()
    app.wsgi_app = Patience(app.wsgi_app)  # type: ignore[method-assign]
    return app
