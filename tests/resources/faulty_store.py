"""A proxy in front of an object store that answers some requests with a fault of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PER_HOP = {"connection", "transfer-encoding", "content-length"}


class FaultyStore:
    """Passes requests on, but for those of `methods` while `status` is set."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.status = 0
        self.code = ""
        self.methods: frozenset[str] = frozenset()
        self.refused = 0
        self.endpoint = ""

    @contextmanager
    def answering(self, status: int, code: str, *methods: str) -> Iterator[None]:
        """Answer requests of these methods with a fault; the store never sees them."""
        self.status, self.code, self.methods, self.refused = status, code, frozenset(methods), 0
        try:
            yield
        finally:
            self.status = 0


@contextmanager
def faulty_store(upstream: str) -> Iterator[FaultyStore]:
    """A proxy on a free port of loopback."""
    store = FaultyStore(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self._body()
            if store.status and self.command in store.methods:
                store.refused += 1
                said = f"<Error><Code>{store.code}</Code><Message>as told</Message></Error>"
                self._answer(store.status, {"Content-Type": "application/xml"}, said.encode())
                return
            connection = HTTPConnection(store.upstream, timeout=60)
            try:
                sent = {n: v for n, v in self.headers.items() if n.lower() not in _PER_HOP}
                connection.request(self.command, self.path, body, sent)
                found = connection.getresponse()
                self._answer(found.status, dict(found.getheaders()), found.read())
            finally:
                connection.close()

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            length = str(len(body))
            for name, value in headers.items():
                if name.lower() == "content-length" and self.command == "HEAD":
                    length = value
                elif name.lower() not in _PER_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass  # noqa: N815 - the base class looks for these

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    store.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
