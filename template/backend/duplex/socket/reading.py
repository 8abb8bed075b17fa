"""uvicorn's WebSocket protocol, with its own way of reading: a few frames of a client at a time.

A flood so leaves time for other clients, and nothing is read from a client whose messages wait for
the application. Handshakes that are refused and connections that end with bytes unread are answered
as RFC 6455 wants it.

Only this module and `uvicorn_protocol.py` use uvicorn's internals.
"""

import asyncio
import logging
from collections.abc import Callable
from struct import pack
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from duplex.options import RATE
from duplex.socket import incoming
from duplex.socket.incoming import Incoming, Violation
from duplex.socket.rates import Bucket, small_frames
from duplex.wire.protocol import LOST, Close

_READ_AHEAD: Final = 16
"""Messages that may wait for the application before reading is paused."""

_LONG: Final = 4096
"""Characters from which on a message is read only while none waits for the application."""

_AT_ONCE: Final = 32
"""Frames of one client that are handled before others get a turn."""

_EARLY: Final = 65536
"""Bytes that may come before the handshake is answered."""

_LATE: Final = 2**20
"""Bytes that may arrive after the end, because they were under way."""

_SILENT: Final = logging.Logger("duplex.silent", logging.CRITICAL + 1)
"""Given to the library's parser: a client's bad input is not the server's error."""


class ReadingProtocol(WebSocketsSansIOProtocol):
    """See the module. `seen`: loop time at which the last bytes came; `paused`: whether the client
    reads more slowly than it is written to.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn.logger = _SILENT
        self.seen = 0.0
        self.paused = False
        self._take: Callable[[str | None], None] | None = None
        self._incoming = Incoming(config.ws_max_size)
        self._small = Bucket(small_frames(RATE), 0.0)
        self._turn: asyncio.Handle | None = None
        self._pong = b""
        self._discards = False
        self._full = False
        self._over = False
        self._late = 0

    def discard(self) -> None:
        if not self._discards:
            self._discards = True
            self._incoming.discard()
            if self.read_paused and self.handshake_complete:
                self._later()

    def flooded(self) -> None:
        """More control frames and fragments came than are allowed."""
        self._fail(Close.POLICY, "too many frames")

    # --- uvicorn's protocol

    def handle_connect(self, event: Request) -> None:
        if not all(value.isascii() for name, value in event.headers.raw_items() if _is_ours(name)):
            self._refuse_handshake()
        else:
            super().handle_connect(event)

    def start_keepalive(self) -> None:
        """The handshake was answered."""
        super().start_keepalive()
        self._read_on()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.paused = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.paused = False
        if self._pong and not self.close_sent:
            pong, self._pong = self._pong, b""
            self.transport.write(pong)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.handshake_complete and not self.close_sent and self.conn.close_rcvd is None:
            # uvicorn would report 1005, as for a close frame without a code.
            self.queue.put_nowait({"type": "websocket.disconnect", "code": LOST})
        self._over = True
        self._incoming.clear()
        if self._turn is not None:
            self._turn.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.seen = self.loop.time()
        if self._over:
            self._late += len(data)
            if self._late > _LATE:
                self.transport.abort()
            return
        if not self.handshake_complete:
            self._early(data)
        elif self.config.ws_per_message_deflate:
            super().data_received(data)
        else:
            text = self._incoming.whole(data)
            if text is not None:
                if self._take is not None:
                    self._take(text)
                else:
                    self._put({"type": "websocket.receive", "text": text})
                return
            self._incoming.feed(data)
            if self._turn is None:
                self._read()

    async def send(self, message: Any) -> None:
        """As uvicorn's, which takes a refused handshake for one that was not answered."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    async def receive(self) -> Any:
        """As uvicorn's, but frames that were received and not read yet come first."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self._full = False
            if self._incoming.waiting:
                self._later()
            elif self._turn is None:
                self._resume()
        return message

    def _refuse_handshake(self) -> None:
        """The request is no WebSocket handshake that the library understands."""
        self._over = self.handshake_initiated = self.handshake_complete = self.close_sent = True
        answer = b"".join(self.conn.data_to_send())
        if not answer:
            # The library has ended the connection already, for example because of a body.
            answer = self.conn.reject(400, "This is not a valid handshake.\n").serialize()
        self.transport.write(answer)
        self.transport.close()

    # --- reading

    def _early(self, data: bytes) -> None:
        """The handshake, or data that arrives before it is answered."""
        if self.config.ws_per_message_deflate or not self.handshake_initiated:
            super().data_received(data)
            if self.conn.handshake_exc is not None and not self.handshake_initiated:
                self._refuse_handshake()
            return
        self._incoming.feed(data)
        if self._incoming.waiting > _EARLY:
            self._pause()

    def _read(self) -> None:
        """Handle some frames; the rest is handled in the next loop ticks."""
        self._turn = None
        if self._over or not self.handshake_complete:
            return
        pongs: list[bytes] = []
        small = 0
        try:
            for _ in range(_AT_ONCE):
                if self._full and not self._discards:
                    break
                event = self._incoming.next()
                if event is None:
                    self._resume()
                    break
                small += self._handle(*event, pongs)
                if self._over:
                    return
            else:
                self._later()
        except Violation as violation:
            self._fail(violation.code, violation.reason)
            return
        if pongs:
            self._answer(pongs)
        if small and self._small.take(self.seen, small) > 0.0:
            self._flooded()

    def _handle(self, kind: int, content: bytes | str, pongs: list[bytes]) -> int:
        """Act on a frame; 1 where it counts as a small one."""
        if kind == incoming.TEXT:
            self._put_text(cast("str", content))
            return 0
        if kind == incoming.BINARY:
            if self._take is not None:
                self._take(None)
            else:
                self._put({"type": "websocket.receive", "bytes": content})
            return 0
        if kind == incoming.CLOSE:
            self._close_received(cast("bytes", content))
        elif kind == incoming.PING:
            pongs.append(pack("!BB", 0x8A, len(content)) + cast("bytes", content))
        elif kind == incoming.PONG and self.pending_ping_payload is not None:
            self.handle_pong(Frame(Opcode.PONG, cast("bytes", content)))
        return 1

    def _put_text(self, text: str) -> None:
        if self._take is not None:
            self._take(text)
        else:
            self._put({"type": "websocket.receive", "text": text})

    def _put(self, message: Any) -> None:
        self.queue.put_nowait(message)
        waiting = self.queue.qsize()
        if waiting > 1 and (waiting > _READ_AHEAD or _is_long(message)):
            self._full = True
            self._pause()

    def _answer(self, pongs: list[bytes]) -> None:
        """To a client that does not read only the last ping is answered, when it reads again."""
        if self.close_sent or self.transport.is_closing():
            return
        if self.paused:
            self._pong = pongs[-1]
        else:
            self.transport.write(b"".join(pongs))

    def _close_received(self, content: bytes) -> None:
        """The library knows which close frames are good and how to answer them."""
        self._over = True
        self.conn.receive_data(_masked_close(content))
        if self.conn.parser_exc is not None:
            self.handle_parser_exception()
        else:
            self.handle_events()
        self._abort_later()

    def _flooded(self) -> None:
        """Too many small frames: a client that continues after the error is dropped."""
        if self._discards:
            self._over = True
            self.transport.abort()
        else:
            self._small.fill()
            self.flooded()
            self.discard()

    def _fail(self, code: int, reason: str) -> None:
        """Close because of an invalid frame; nothing more is read."""
        self._over = True
        if self.close_sent or self.transport.is_closing():
            self.transport.abort()
            return
        self._send_close(code, reason)
        if self.transport.can_write_eof():
            # Closed with bytes unread, the connection would be reset and the code not arrive.
            self.transport.write_eof()
        else:
            self.transport.close()
        self._abort_later()

    def _send_close(self, code: int, reason: str) -> None:
        """Report the end to the application, and send a close frame."""
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True

    def _abort_later(self) -> None:
        """A client that has not read everything by then never will; `transport.close` would wait
        for it.
        """
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def _read_on(self) -> None:
        """Read what came before the handshake was answered."""
        if self._incoming.waiting or self.read_paused:
            self._later()

    def _later(self) -> None:
        """Read on in the next tick, and take nothing more from the network until then."""
        self._pause()
        if self._turn is None:
            self._turn = self.loop.call_soon(self._read)

    def _pause(self) -> None:
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self.read_paused and (self._discards or not self._full):
            self.read_paused = False
            if not self.transport.is_closing():
                self.transport.resume_reading()


def _is_long(message: dict[str, Any]) -> bool:
    return len(message.get("text") or message.get("bytes") or "") > _LONG


def _is_ours(header: str) -> bool:
    """Whether the library reads this header."""
    return header.lower().startswith(("sec-websocket-", "connection", "upgrade"))


def _masked_close(content: bytes) -> bytes:
    """A close frame as a client writes it, with a mask that changes nothing."""
    return pack("!BB4x", 0x88, 0x80 | len(content)) + content
