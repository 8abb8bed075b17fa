"""One message ready to be sent to many: its forms on the wire are made once, when first needed."""

from struct import pack

from app.session.broker import Retain


class Frame:
    """A text message. `payload` is its UTF-8; `retain` and `state` say what may be dropped
    first; `seq` is its number in its room, 0 where it has none.
    """

    __slots__ = ("_text", "_wire", "payload", "retain", "seq", "state")

    def __init__(
        self, payload: bytes, retain: Retain = "all", state: str = "", seq: int = 0
    ) -> None:
        self.payload = payload
        self.retain: Retain = retain
        self.state = state
        self.seq = seq
        self._wire: bytes | None = None
        self._text: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return len(self.payload)

    @property
    def wire(self) -> bytes:
        """The WebSocket frame (RFC 6455: final, text, unmasked, uncompressed), header included."""
        if self._wire is None:
            size = len(self.payload)
            if size < 126:
                header = pack("!BB", 0x81, size)
            elif size < 65536:
                header = pack("!BBH", 0x81, 126, size)
            else:
                header = pack("!BBQ", 0x81, 127, size)
            self._wire = header + self.payload
        return self._wire

    @property
    def text(self) -> str:
        """What ASGI's `send` takes."""
        if self._text is None:
            self._text = self.payload.decode()
        return self._text
