"""Reads WebSocket frames from the bytes of a client, as many at a time as its caller asks for.

It knows no transport and answers nothing. A frame of nearly any size costs the same, so that its
caller can bound the work by counting frames.
"""

from typing import Final

from websockets.speedups import apply_mask

from duplex.wire.protocol import Close

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

FRAGMENT: Final = -1
"""The kind of a frame that does not finish its message."""

DROPPED: Final = -2
"""The kind of a message that came after `discard`."""

Event = tuple[int, bytes | str]
"""A kind of frame, and its content."""


class Violation(Exception):
    """The client broke RFC 6455: the close code for it, and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Incoming:
    """`feed` it the received bytes, and call `next` until it returns None."""

    __slots__ = ("_at", "_data", "_discards", "_kind", "_max_size", "_message", "_needed", "_tail")

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._data = b""
        self._at = 0
        self._tail: bytearray = bytearray()
        self._needed = 0
        self._kind = CONTINUATION
        self._message: bytearray = bytearray()
        self._discards = False

    @property
    def waiting(self) -> int:
        """Bytes that were fed and not read yet."""
        return len(self._data) - self._at + len(self._tail)

    def feed(self, data: bytes) -> None:
        """Take more bytes of the client."""
        if self._at == len(self._data) and not self._tail:
            self._data, self._at = data, 0
        else:
            self._tail += data

    def whole(self, data: bytes) -> str | None:
        """The text if `data` is exactly one text message, which is the usual case. None: the data
        was not consumed; `feed` it.
        """
        end = len(data)
        if end < 6 or data[0] != 0x81 or self._kind or self._discards:
            return None
        start, size = 6, data[1] - 0x80
        if size == 126:
            start, size = 8, data[2] << 8 | data[3]
        elif size > 125:
            return None
        unread = self._at < len(self._data) or self._tail
        if start + size != end or size > self._max_size or unread:
            return None
        try:
            return apply_mask(data[start:], data[start - 4 : start]).decode()
        except UnicodeDecodeError:
            return None

    def discard(self) -> None:
        """From now on the content of messages is not needed."""
        self._discards = True
        self._message.clear()

    def clear(self) -> None:
        """Forget everything that was fed."""
        self._data, self._at = b"", 0
        self._tail.clear()
        self._message.clear()

    def next(self) -> Event | None:
        """The next frame; None when more bytes are needed. Raises `Violation`.

        A message in one frame, or its last fragment: `TEXT` with a string or `BINARY`. A fragment
        before that: `FRAGMENT`. `PING`, `PONG` and `CLOSE` come with their content.
        """
        while True:
            at, end = self._at, len(self._data)
            start, size = self._measure(at, end)
            if size >= 0 and start + size <= end:
                self._at = start + size
                return self._event(self._data[at], start, size)
            if not self._gather(start - at + max(size, 0)):
                return None

    def _measure(self, at: int, end: int) -> tuple[int, int]:
        """Where the content of the frame at `at` starts, and its size; -1 if its header is cut."""
        if end - at < 2:
            return at + 2, -1
        data = self._data
        size = data[at + 1] & 0x7F
        start = at + 6
        if size > 125:
            start = at + (8 if size == 126 else 14)
            if start > end:
                return start, -1
            size = int.from_bytes(data[at + 2 : start - 4], "big")
        self._check(data[at], data[at + 1], size)
        return start, size

    def _gather(self, needed: int) -> bool:
        """Put the rest in front of the later bytes; returns whether they are enough.

        Bytes are copied only when there are enough, into however many pieces a frame was split.
        """
        if self._at < len(self._data):
            self._tail = bytearray(self._data[self._at :]) + self._tail
            self._data, self._at = b"", 0
            self._needed = needed
        if len(self._tail) < max(self._needed, 2):
            return False
        self._data, self._at = bytes(self._tail), 0
        self._tail.clear()
        self._needed = 0
        return True

    def _check(self, first: int, second: int, size: int) -> None:
        opcode = first & 0x0F
        if first & 0x70:
            raise Violation(Close.PROTOCOL_ERROR, "reserved bits must be 0")
        if not second & 0x80:
            raise Violation(Close.PROTOCOL_ERROR, "frames of a client must be masked")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise Violation(Close.PROTOCOL_ERROR, "unknown opcode")
            if size > 125 or not first & 0x80:
                raise Violation(Close.PROTOCOL_ERROR, "control frames are short and not fragmented")
            return
        if opcode > BINARY:
            raise Violation(Close.PROTOCOL_ERROR, "unknown opcode")
        if (opcode == CONTINUATION) != (self._kind != CONTINUATION):
            expected = "a continuation" if self._kind else "the beginning of a message"
            raise Violation(Close.PROTOCOL_ERROR, f"expected {expected}")
        if len(self._message) + size > self._max_size:
            raise Violation(Close.TOO_BIG, "the message is too big")

    def _event(self, first: int, start: int, size: int) -> Event:
        opcode = first & 0x0F
        if self._discards and opcode < CLOSE:
            self._kind = CONTINUATION if first & 0x80 else (opcode or self._kind)
            return DROPPED, b""
        data = self._data
        content = apply_mask(data[start : start + size], data[start - 4 : start]) if size else b""
        if opcode >= CLOSE:
            return opcode, content
        if not first & 0x80:
            self._kind = opcode or self._kind
            self._message += content
            return FRAGMENT, b""
        if opcode == CONTINUATION:
            opcode, self._kind = self._kind, CONTINUATION
            content = bytes(self._message) + content
            self._message.clear()
        if opcode != TEXT:
            return opcode, content
        try:
            return TEXT, content.decode()
        except UnicodeDecodeError:
            raise Violation(Close.NOT_TEXT, "the text is not UTF-8") from None
