"""uvicorn's WebSocket protocol with the scope extension `duplex.prepared` (see transport.py).

Optional: the engine works on any ASGI server. With it, a frame encoded once is written straight to
every reader's transport, plain text frames are parsed in place, reading is paused only when the
application is behind, and on shutdown the engine sends its participants away in good order before
sockets close.

It is the one place that touches uvicorn's inside; `tests/session` runs on it and without it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request
from websockets.speedups import apply_mask

from duplex.socket.transport import EXTENSION

_READ_AHEAD = 16
"""Messages that may wait for the application before reading is paused."""


class PreparedProtocol(WebSocketsSansIOProtocol):
    """Give this class to uvicorn as `ws`. See `transport.Prepared` for what it offers."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.seen = 0.0
        self.paused = False
        self._on_writable: Callable[[], None] | None = None
        self._on_shutdown: Callable[[], None] | None = None
        self._reads = 0
        self._in_place = False
        self._tail = bytearray()
        self._needed = 0

    # --- the extension

    def adopt(self, writable: Callable[[], None], shutdown: Callable[[], None]) -> None:
        self._on_writable = writable
        self._on_shutdown = shutdown
        # With anything but the handshake read, the parser may be inside a frame: leave it to it.
        self._in_place = self._reads == 1 and not self.config.ws_per_message_deflate

    def write(self, wire: bytes) -> None:
        if not self.close_sent and not self.disconnected:
            self.transport.write(wire)

    def ping(self) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self.conn.send_ping(b"")
            self.transport.write(b"".join(self.conn.data_to_send()))

    def close(self, code: int, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # Whoever has not read all this by then never will; `transport.close` would wait for it.
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def abort(self) -> None:
        self.transport.abort()

    # --- uvicorn's protocol

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast("dict[str, object]", self.scope.setdefault("extensions", {}))
            extensions[EXTENSION] = self

    def start_keepalive(self) -> None:
        if self._on_writable is None:
            super().start_keepalive()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.paused = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.paused = False
        if self._on_writable is not None:
            self._on_writable()

    def shutdown(self) -> None:
        if self._on_shutdown is not None and self.handshake_complete and not self.close_sent:
            self._on_shutdown()
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.handshake_complete and not self.close_sent and self.conn.close_rcvd is None:
            # uvicorn would say 1005, like a close frame without a code.
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self._tail.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._reads += 1
        self.seen = self.loop.time()
        if not self._in_place or not self.handshake_complete:
            self._in_place = False if self._on_writable is not None else self._in_place
            super().data_received(data)
            return
        if self._tail:
            self._tail += data
            if len(self._tail) < self._needed:
                return
            data = bytes(self._tail)
            self._tail.clear()
        self._take_frames(data)

    def _take_frames(self, data: bytes) -> None:
        """Handle whole frames: plain text here, any other by the parent's parser; keep the rest."""
        position, end = 0, len(data)
        while position < end and self._in_place:
            start, size = _measure(data, position, end)
            stop = start + size
            if size > self.config.ws_max_size:
                self._in_place = False
                super().data_received(data[position:])
                return
            if stop > end:
                self._tail += data[position:]
                self._needed = stop - position
                return
            text = None if self.close_sent else _plain_text(data, position, start, stop)
            if text is None:
                super().data_received(data[position:stop])
                self._in_place = self.conn.parser_exc is None and self.conn.close_rcvd is None
            else:
                self._take_text(text)
            position = stop
        if position < end:
            super().data_received(data[position:])

    def _take_text(self, text: str) -> None:
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused and self.queue.qsize() > _READ_AHEAD:
            self.read_paused = True
            self.transport.pause_reading()


def _measure(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Where the payload of the frame at `position` starts, and its size; as far as it has come."""
    if end - position < 2:
        return position + 2, 0
    size = data[position + 1] & 0x7F
    masked = 4 if data[position + 1] & 0x80 else 0
    if size < 126:
        return position + 2 + masked, size
    wide = 2 if size == 126 else 8
    if end - position < 2 + wide:
        return position + 2 + wide, 0
    size = int.from_bytes(data[position + 2 : position + 2 + wide], "big")
    return position + 2 + wide + masked, size


def _plain_text(data: bytes, position: int, start: int, stop: int) -> str | None:
    """The text of a whole, final, masked text frame; None for any other, or what is not UTF-8."""
    if data[position] != 0x81 or not data[position + 1] & 0x80:
        return None
    try:
        return apply_mask(data[start:stop], data[start - 4 : start]).decode()
    except UnicodeDecodeError:
        return None
