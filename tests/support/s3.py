"""A small S3 server in this process: puts, gets with ranges, heads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "ETag": '"x"', "Last-Modified": "Sun, 22 Nov 2026 04:00:00 GMT", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/")

    def do_PUT(self) -> None:
        """Keep an object."""
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
        self.objects[self._name()] = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(200)

    def do_HEAD(self) -> None:
        """Tell a size."""
        found = self.objects.get(self._name())
        self._send(404) if found is None else self._send(200, found)

    def do_GET(self) -> None:
        """Send an object, or a part of one."""
        found = self.objects.get(self._name())
        if found is None:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", Content_Type="application/xml")
            return
        wanted = self.headers.get("Range")
        if wanted:
            first, last = wanted.removeprefix("bytes=").split("-")
            self._send(206, found[int(first) : int(last) + 1 if last else None])
        else:
            self._send(200, found)


@contextmanager
def s3() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Run the server; yields the address for MEDIA_STORE and the objects it holds."""
    objects: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Request", (_Request,), {"objects": objects}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"s3+http://127.0.0.1:{server.server_port}/videos", objects
    finally:
        server.shutdown()
        server.server_close()
