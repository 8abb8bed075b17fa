"""One shared session, as this process sees it: who of it is connected here, and what they get."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

from duplex.brokers.base import Lock
from duplex.wire.entries import Entry
from duplex.wire.frames import Frame
from duplex.wire.protocol import Close

if TYPE_CHECKING:
    from duplex.rooms.member import Member


class Arrival:
    """Somebody who is just joining: what the room says meanwhile waits until the join has its
    number.
    """

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: list[Entry] = []


class Room:
    """The members of one session in this process. What must outlive the process is the broker's."""

    __slots__ = ("_document", "_version", "arrivals", "id", "members", "watched")

    def __init__(self, room_id: str) -> None:
        self.id = room_id
        self.members: dict[str, Member] = {}
        self.arrivals: set[Arrival] = set()
        self.watched = False
        self._version = -1
        self._document: BaseModel | None = None

    @property
    def empty(self) -> bool:
        """Whether this process need not follow the room any more."""
        return not self.members and not self.arrivals

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Give the room's next entries to every member here. What all get alike is encoded once."""
        for arrival in self.arrivals:
            arrival.waiting.extend(entries)
        for entry in entries:
            seq, sender = entry.seq, entry.sender
            frame: Frame | None = None
            for member in self.members.values():
                connection = member.connection
                if connection is None or seq <= member.seen:
                    continue
                member.seen = seq
                if member.participant == sender:
                    connection.push(Frame(entry.for_sender(), "all", entry.state, seq))
                    continue
                if frame is None:
                    frame = Frame(entry.for_others(), entry.retain, entry.state, seq)
                connection.push(frame)
            if entry.closes:
                self.end()

    def catch_up(self, member: "Member", arrival: Arrival) -> None:
        """Give a newcomer what the room said while it was joining. The others have it already."""
        for entry in arrival.waiting:
            if member.connection is None or entry.seq <= member.seen:
                continue
            member.seen = entry.seq
            member.connection.push(member.frame(entry))
            if entry.closes:
                self.members.pop(member.participant, None)
                member.end(Close.ENDED, "ended")

    def end(self) -> None:
        """The session is over for everybody."""
        members, self.members = list(self.members.values()), {}
        for member in members:
            member.end(Close.ENDED, "ended")

    def document_of(self, lock: Lock, kind: type[BaseModel]) -> BaseModel:
        """The document under a lock: parsed again only when somebody else changed it."""
        if self._document is not None and self._version == lock.version:
            return self._document
        return kind.model_validate_json(lock.document)

    def remember_document(self, version: int, document: BaseModel) -> None:
        """This process committed `document` as `version`."""
        self._version, self._document = version, document

    def forget_document(self) -> None:
        """The parsed document was changed by a request that failed."""
        self._document = None
