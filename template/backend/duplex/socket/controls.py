"""The reserved requests of a client: `ping`, `authenticate`, `cancel`, `participants`, `leave`."""

import logging
from typing import Final

from duplex.identity import Authentication, NotSignedIn
from duplex.socket import ConnectedParticipant
from duplex.socket.connection import Connection
from duplex.tasks import BackgroundTasks
from duplex.wire.messages import Rejected, notice, reply
from duplex.wire.protocol import Close
from duplex.wire.requests import Control

logger = logging.getLogger("duplex")

_PONG: Final = notice("pong")


class Controls:
    """Handles the control frames of one connection, at once and concurrently with its requests."""

    __slots__ = ("_authentication", "_connection", "_listing", "_renewing", "_tasks")

    def __init__(
        self, connection: Connection, authentication: Authentication, tasks: BackgroundTasks
    ) -> None:
        self._connection = connection
        self._authentication = authentication
        self._tasks = tasks
        self._renewing = False
        self._listing = False

    def handle(self, frame: Control) -> None:
        """Handle one control frame."""
        connection = self._connection
        participant = connection.participant
        if participant is None:
            connection.error("The session is not open.", "not_initialised", frame.id)
        elif frame.state == "ping":
            connection.pings = True
            connection.send(_PONG if frame.id is None else notice("pong", None, frame.id))
        elif frame.state == "cancel":
            self._cancel(participant, frame)
        elif frame.state == "leave":
            connection.close(Close.ENDED, "left")
        elif frame.state == "participants":
            self._list_participants(participant, frame)
        elif self._renewing:
            connection.error("The previous token is still being checked.", "too_many", frame.id)
        else:
            self._renewing = True
            self._tasks.spawn(self._renew(participant, frame))

    def _cancel(self, participant: ConnectedParticipant, frame: Control) -> None:
        wanted = frame.data.get("id") if isinstance(frame.data, dict) else None
        wanted = wanted if isinstance(wanted, str) else frame.id
        if wanted is None:
            self._connection.error("`cancel` needs the id of a request.", "bad_frame")
        else:
            participant.cancel(wanted)

    def _list_participants(self, participant: ConnectedParticipant, frame: Control) -> None:
        after = frame.data.get("after") if isinstance(frame.data, dict) else None
        if after is not None and not isinstance(after, str):
            self._connection.error("`after` must be text.", "bad_frame", frame.id)
        elif self._listing:
            self._connection.error("The previous page is still to come.", "too_many", frame.id)
        else:
            self._listing = True
            self._tasks.spawn(self._send_page(participant, after, frame.id))

    async def _send_page(
        self, participant: ConnectedParticipant, after: str | None, request_id: str | None
    ) -> None:
        try:
            page = await participant.list_participants(after, request_id)
            self._connection.send(reply("participants", page, request_id))
        except Rejected as error:
            self._connection.error(error.sentence, error.code, error.request_id)
        finally:
            self._listing = False

    async def _renew(self, participant: ConnectedParticipant, frame: Control) -> None:
        """Replace the token of an open connection by a new one of the same user."""
        connection = self._connection
        token = frame.data.get("token") if isinstance(frame.data, dict) else None
        token = token if isinstance(token, str) else frame.token
        try:
            identity = await self._authentication.identify(token)
        except NotSignedIn as error:
            connection.error(str(error) or "You are not signed in.", "not_signed_in", frame.id)
        except Exception:
            logger.exception("a token could not be checked")
            connection.error("The token could not be checked.", "internal", frame.id)
        else:
            if identity.user != participant.identity.user:
                connection.error("The token belongs to another user.", "forbidden", frame.id)
            else:
                participant.identity, connection.sign_in = identity, identity.sign_in
                connection.validity.until(identity.expires)
                data = {"expires": identity.expires}
                connection.send(notice("authenticate", dict(data), frame.id))
        finally:
            self._renewing = False
