"""A plain line to the product for one person: cookies, redirects, and what was sent in its order; it can lose answers on purpose."""

import http.client
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from random import Random
from typing import IO

from load_tests.journeys import Answer, path_of


class PlainLine:
    """One browser's worth of connection; `drops` is the share of answers that get lost on their way back."""

    def __init__(self, base: str, *, drops: float = 0.0, random: Random | None = None, patience: float = 12.0) -> None:
        self.base, self.drops, self.patience = base, drops, patience
        self.random = random or Random()
        self.sent: list[tuple[str, str]] = []
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()), _Redirects(self.sent)).open

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request and follow redirects; status 0 when nothing came back."""
        self.sent.append((method, path))
        request = urllib.request.Request(self.base + path, data=body or None, headers=headers, method=method)
        try:
            with self._open(request, timeout=self.patience) as response:
                answer = Answer(response.status, response.read(), response.url)
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.read(), error.url, float(error.headers.get("Retry-After") or 0))
        except (OSError, http.client.HTTPException):
            return Answer(0, b"", path)
        return Answer(0, b"", path) if self.drops and self.random.random() < self.drops else answer


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Note every hop."""

    def __init__(self, sent: list[tuple[str, str]]) -> None:
        self._sent = sent

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """Follow as a browser does."""
        found = super().redirect_request(req, fp, code, msg, headers, newurl)
        if found is not None:
            self._sent.append((found.get_method(), path_of(newurl)))
        return found
