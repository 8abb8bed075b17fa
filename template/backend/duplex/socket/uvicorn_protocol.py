"""uvicorn's WebSocket protocol with the scope extension `duplex.prepared` (see transport.py).

Optional: the engine works on any ASGI server. With it, a frame that is encoded once is written
directly to every receiver's transport; frames are read a few at a time (see reading.py), so that a
flood leaves time for other clients; data waiting for a client that does not read is bounded; and on
shutdown the engine disconnects its participants properly before the sockets close.

`tests/engine` runs on it and without it.
"""

from collections.abc import Callable
from typing import cast

from websockets.http11 import Request

from duplex.socket.rates import Bucket
from duplex.socket.reading import ReadingProtocol
from duplex.socket.transport import EXTENSION


class PreparedProtocol(ReadingProtocol):
    """Give this class to uvicorn as `ws`. See `transport.Prepared` for what it offers."""

    _on_writable: Callable[[], None] | None = None
    _on_blocked: Callable[[], None] | None = None
    _on_shutdown: Callable[[], None] | None = None
    _on_flood: Callable[[], None] | None = None

    # --- the extension

    @property
    def buffered(self) -> int:
        return 0 if self._over else self.transport.get_write_buffer_size()

    def adopt(
        self,
        writable: Callable[[], None],
        blocked: Callable[[], None],
        shutdown: Callable[[], None],
        flood: Callable[[], None],
        small: Bucket,
    ) -> None:
        self._on_writable = writable
        self._on_blocked = blocked
        self._on_shutdown = shutdown
        self._on_flood = flood
        self._small = small

    def deliver(self, take: Callable[[str | None], None]) -> bool:
        if self.queue.empty():
            self._take = take
        return self._take is not None

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
        self.discard()
        self._send_close(code, reason)
        self._abort_later()

    def abort(self) -> None:
        self.transport.abort()

    # --- uvicorn's protocol

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self._over and self.response.status_code == 101:
            extensions = cast("dict[str, object]", self.scope.setdefault("extensions", {}))
            extensions[EXTENSION] = self

    def start_keepalive(self) -> None:
        if self._on_writable is None:
            super().start_keepalive()
        else:
            # The engine keeps the connection alive.
            self._read_on()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._on_blocked is not None:
            self._on_blocked()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._on_writable is not None:
            self._on_writable()

    def shutdown(self) -> None:
        if self._on_shutdown is not None and self.handshake_complete and not self.close_sent:
            self._on_shutdown()
        else:
            super().shutdown()

    def flooded(self) -> None:
        if self._on_flood is None:
            super().flooded()
        else:
            self._on_flood()
