"""One shared session, as this process sees it: the members that are here, and their messages."""

from collections.abc import Sequence

from pydantic_core import from_json

from duplex.requests.document_cache import DocumentCache
from duplex.rooms.member import Member
from duplex.socket.flusher import CROWD
from duplex.wire.entries import Entry
from duplex.wire.frames import Frame, skipped
from duplex.wire.protocol import Close


class Arrival:
    """A participant that is joining: room messages wait until the join has its number."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: list[Entry] = []


class Room:
    """The members of one session at this process. State that must outlive the process is kept by
    the broker. `opener`: the account or address that opened the session, if it was opened here.
    """

    __slots__ = ("_logged", "arrivals", "documents", "id", "members", "opener", "watched")

    def __init__(self, room_id: str) -> None:
        self.id = room_id
        self.opener: str | None = None
        self._logged = 0
        self.members: dict[str, Member] = {}
        self.arrivals: set[Arrival] = set()
        self.documents = DocumentCache()
        self.watched = False

    @property
    def empty(self) -> bool:
        """Whether this process no longer has to follow the room."""
        return not self.members and not self.arrivals

    def size(self, log_size: int) -> int:
        """Bytes that the broker keeps of the session, approximately. Its log is limited to
        `log_size`.
        """
        return self.documents.size + min(self._logged, log_size)

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Send the room's next entries to every member here. A message that is the same for all is
        encoded once.
        """
        for arrival in self.arrivals:
            arrival.waiting.extend(entries)
        crowd = len(self.members) > CROWD
        for entry in entries:
            self._logged += entry.size()
            if entry.private:
                self._deliver_private(entry)
                continue
            seq, sender = entry.seq, entry.sender
            author = self.members.get(sender)
            if author is not None and author.connection is None:
                author.missed += entry.size()
            frame: Frame | None = None
            for member in self.members.values():
                connection = member.connection
                if connection is None or seq <= member.seen:
                    continue
                member.seen = seq
                if member.hidden:
                    connection.push(skipped(member.hidden))
                    member.hidden = 0
                if member.id == sender:
                    connection.push(Frame(entry.for_sender(), "all", entry.state, seq))
                    continue
                if frame is None:
                    frame = Frame(entry.for_others(), entry.retain, entry.state, seq)
                connection.push(frame, crowd=crowd)
            if entry.closes:
                self.end(_reason(entry))

    def _deliver_private(self, entry: Entry) -> None:
        """Send a numbered message to its sender alone. The others get a `skipped` in front of their
        next message.
        """
        for member in self.members.values():
            member.receive(entry)

    def catch_up(self, member: Member, arrival: Arrival) -> None:
        """Send a new member the messages that came while it was joining."""
        for entry in arrival.waiting:
            member.receive(entry)
            if entry.closes:
                self.members.pop(member.id, None)
                member.end(Close.ENDED, _reason(entry))

    def end(self, reason: str) -> None:
        """The session has ended for all members."""
        members, self.members = list(self.members.values()), {}
        for member in members:
            member.end(Close.ENDED, reason)


def _reason(entry: Entry) -> str:
    """The close reason of a message that ends the session: its sentence, if the session was closed
    from outside a handler.
    """
    if entry.state != "error":
        return "ended"
    return str(from_json(entry.head + b"}")["error"])
