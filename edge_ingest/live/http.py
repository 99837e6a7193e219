"""The local page for the bench, and the same as JSON and as server-sent events."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from edge_ingest.errors import LiveError
from edge_ingest.live.node import TICK_S, LiveNode

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

#: How often the page is told of load; an alert is told at once.
REFRESH_S = 1.0
#: A reader that is so many events behind is cut off; its browser comes back by itself.
_MOST_WAITING = 100
_PAGE = Path(__file__).with_name("page.html")
#: Nothing from elsewhere, and in no other page: it shows health data.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Readers:
    """Everybody who reads `/events`."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Belong to the running event loop."""
        self._loop = asyncio.get_running_loop()

    def send(self, event: str, data: object) -> None:
        """Tell everybody; from any thread."""
        if self._loop is not None and self._queues:
            message = _event(event, data)
            # The loop is closed while the process ends: then nobody reads any more.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._put, message)

    def close(self) -> None:
        """End every stream; from any thread, or a signal's handler."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._put, None)

    @property
    def any(self) -> bool:
        """Whether somebody reads."""
        return bool(self._queues)

    async def stream(self, first: list[bytes]) -> AsyncIterator[bytes]:
        """Events of one reader, after those that tell how things stand."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_MOST_WAITING)
        self._queues.add(queue)
        try:
            for message in first:
                yield message
            while (following := await queue.get()) is not None:
                yield following
        finally:
            self._queues.discard(queue)

    def _put(self, message: bytes | None) -> None:
        for queue in list(self._queues):
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self._queues.discard(queue)
                queue.get_nowait()
                queue.put_nowait(None)


def live_app(node: LiveNode) -> "Starlette":
    """The application; it starts the node and stops it."""
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, StreamingResponse
    from starlette.routing import Route

    readers = Readers()
    page = _PAGE.read_text(encoding="utf-8")

    async def show_page(_request: "Request") -> "Response":
        return HTMLResponse(page, headers=_HEADERS)

    async def athletes(_request: "Request") -> "Response":
        return _json({"athletes": await asyncio.to_thread(node.athletes), "alerts": node.alerts()})

    async def health(_request: "Request") -> "Response":
        told = await asyncio.to_thread(node.health)
        return _json(told, status=200 if told["is_connected"] else 503)

    async def events(_request: "Request") -> "Response":
        first = [_event("health", node.health()), _event("athletes", node.athletes())]
        first += [_event("alert", alert) for alert in node.alerts()]
        return StreamingResponse(
            readers.stream(first), media_type="text/event-stream", headers=_HEADERS
        )

    @contextlib.asynccontextmanager
    async def lifespan(_app: "Starlette") -> AsyncIterator[None]:
        readers.open()
        node.heard = lambda alert: readers.send("alert", alert)
        await asyncio.to_thread(node.start)
        beat = asyncio.create_task(_beat(node, readers))
        try:
            yield
        finally:
            beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beat
            await asyncio.to_thread(node.stop)

    routes = [
        Route("/", show_page),
        Route("/events", events),
        Route("/athletes", athletes),
        Route("/healthz", health),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.hang_up = readers.close
    return app


def serve(app: "Starlette", host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then stop in good order.

    Raises:
        LiveError: the application could not start, or the port is taken.
    """
    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn raises the signal again when it is done, as if the end had not been orderly."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """Readers of events stay for ever: end their streams, or it would wait for them."""
            app.state.hang_up()
            super().handle_exit(sig, frame)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self.handle_exit)
            yield

    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, lifespan="on",
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = Server(config)
    with contextlib.suppress(SystemExit):  # uvicorn has logged why
        server.run()
    if not server.started:
        raise LiveError(f"the page cannot be served on {host}:{port}: is the port taken?")


async def _beat(node: LiveNode, readers: Readers) -> None:
    told = 0.0
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(TICK_S)
        await asyncio.to_thread(node.tick)
        if readers.any and loop.time() - told >= REFRESH_S:
            told = loop.time()
            rows, health = await asyncio.to_thread(node.athletes), node.health()
            readers.send("athletes", rows)
            readers.send("health", health)


def _event(event: str, data: object) -> bytes:
    import orjson

    return b"event: %s\ndata: %s\n\n" % (event.encode(), orjson.dumps(data))


def _json(data: Any, status: int = 200) -> "Response":  # noqa: ANN401
    import orjson
    from starlette.responses import Response

    headers = _HEADERS | {"Content-Type": "application/json"}
    return Response(orjson.dumps(data), status, headers)
