"""A message for many readers: each of its encodings is made once, when first needed."""

from struct import pack

from duplex.wire.entries import Retain
from duplex.wire.messages import notice


class Frame:
    """A text message. `payload` is its UTF-8; `retain` and `state` decide whether it may be dropped
    for a slow reader; `seq` is its number in its room, 0 where it has none. `wire` and `text` are
    its two encodings for a transport: None until `framed` and `decoded` make them.
    """

    __slots__ = ("payload", "retain", "seq", "size", "state", "text", "wire")

    def __init__(
        self, payload: bytes, retain: Retain = "all", state: str = "", seq: int = 0
    ) -> None:
        self.payload = payload
        self.size = len(payload)
        self.retain: Retain = retain
        self.state = state
        self.seq = seq
        self.wire: bytes | None = None
        self.text: str | None = None

    def framed(self) -> bytes:
        """The WebSocket frame (RFC 6455: final, text, unmasked, uncompressed), header included."""
        if self.wire is None:
            size = self.size
            if size < 126:
                header = pack("!BB", 0x81, size)
            elif size < 65536:
                header = pack("!BBH", 0x81, 126, size)
            else:
                header = pack("!BBQ", 0x81, 127, size)
            self.wire = header + self.payload
        return self.wire

    def decoded(self) -> str:
        """The text for ASGI's `send`."""
        if self.text is None:
            self.text = self.payload.decode()
        return self.text


def skipped(through: int) -> Frame:
    """The notice that messages up to this number were left out on purpose: their reader must not
    take the gap for a loss.
    """
    return Frame(notice("skipped", {"through": through}), "none", "skipped", through)
