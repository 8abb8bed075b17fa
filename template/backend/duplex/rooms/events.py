"""Handles the events that the broker reports to this process."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from duplex.brokers.base import Broker, BrokerUnavailable
from duplex.identity import Authentication
from duplex.rooms.member import Member
from duplex.rooms.rooms import Rooms
from duplex.socket.sockets import Sockets
from duplex.tasks import BackgroundTasks
from duplex.wire.entries import Entry, Frame
from duplex.wire.messages import error
from duplex.wire.protocol import Close

logger = logging.getLogger("duplex")

_DOWN = "The session store is not reachable: requests may fail until it is back."


class RoomEvents:
    """Applies `BrokerEvents` to the rooms and sockets of this process; see there for each event."""

    def __init__(
        self,
        broker: Broker,
        rooms: Rooms,
        sockets: Sockets,
        authentication: Authentication,
        tasks: BackgroundTasks,
    ) -> None:
        self._broker = broker
        self._rooms = rooms
        self._sockets = sockets
        self._authentication = authentication
        self._tasks = tasks

    def deliver(self, room: str, entries: Sequence[Entry]) -> None:
        """See `BrokerEvents`."""
        here = self._rooms.get(room)
        if here is not None:
            here.deliver(entries)

    def left(self, room: str, participant: str) -> None:
        """See `BrokerEvents`. Streams of a suspended page continue for the grace."""
        member = self._rooms.member(room, participant)
        if member is None:
            return
        if member.put_away:
            grace = self._sockets.options.grace
            member.expire_after(grace, partial(self._remove, room, participant))
        else:
            self._remove(room, participant)

    def _remove(self, room: str, participant: str) -> None:
        here = self._rooms.get(room)
        member = here.members.pop(participant, None) if here is not None else None
        if here is None or member is None:
            return
        member.end(Close.ENDED, "left")
        if here.empty:
            self._tasks.spawn(self._rooms.tidy(here))

    def taken_over(self, room: str, participant: str, connection: str) -> None:
        """See `BrokerEvents`."""
        member = self._rooms.member(room, participant)
        if member is not None and member.connection_id == connection:
            member.replace_connection(None)

    def lost(self, room: str) -> None:
        """See `BrokerEvents`."""
        here = self._rooms.get(room)
        for member in list(here.members.values()) if here is not None else ():
            if member.connection is not None:
                member.connection.close(Close.DRAINING, "Resume to follow the session again.")

    def control(self, message: Mapping[str, str]) -> None:
        """See `BrokerEvents`."""
        match message.get("kind"):
            case "revoke":
                self._revoke(message["user"], message.get("sign_in"))
            case "cancel":
                member = self._rooms.member(message["room"], message["participant"])
                if member is not None and not member.requests.stop(message["request"]):
                    # The worker where the participant is now answers it.
                    member.requests.remove(message["request"])
            case "remove":
                self._dismiss(message["room"], message["participant"], message["reason"])
            case _:
                pass  # a newer worker's message, during an update

    def _dismiss(self, room: str, participant: str, reason: str) -> None:
        """Remove a participant whose current or last connection is at this process."""
        member = self._rooms.member(room, participant)
        if member is None or member.moved:
            return
        if member.connection is not None:
            member.connection.fail(reason, "forbidden", Close.FORBIDDEN)
        else:
            self._tasks.spawn(self._leave(member))

    async def _leave(self, member: Member) -> None:
        with suppress(BrokerUnavailable):
            await self._broker.leave(member.room_id, member.id, member.connection_id)

    def _revoke(self, user: str, sign_in: str | None) -> None:
        self._authentication.revoked()
        self._sockets.fail_user(
            user, sign_in, "Your sign-in was revoked.", "not_signed_in", Close.NOT_SIGNED_IN
        )

    def down(self, reason: str) -> None:
        """See `BrokerEvents`. Clients that only listen get no reply that would tell them."""
        logger.error("the session store is not reachable: %s", reason)
        self._sockets.broadcast(Frame(error(_DOWN, "broker_unavailable")))

    def up(self) -> None:
        """See `BrokerEvents`."""
        logger.info("the session store is reachable again")
