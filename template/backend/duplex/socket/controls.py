"""The frames that the engine answers itself: the first one, which is the hello, and requests with
reserved names (`ping`, `authenticate`, `cancel`, `participants`, `leave`).
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import ValidationError

from duplex.identity import Authentication, Identity, NotSignedIn
from duplex.socket import ConnectedParticipant
from duplex.socket.connection import Connection, Phase
from duplex.socket.sockets import Sockets
from duplex.tasks import BackgroundTasks
from duplex.wire.messages import CannotJoin, Rejected, Unreadable, notice, reply, unpack
from duplex.wire.models import Hello
from duplex.wire.protocol import Close
from duplex.wire.requests import Control

logger = logging.getLogger("duplex")

NextText = Callable[[], Awaitable[str | None]]
"""The next text frame of a connection; None for a frame that was answered with an error."""

Join = Callable[[Connection, Hello, Identity, str], Awaitable[None]]
"""Make a connection a participant of the session of this id. Raises `CannotJoin`."""


class Handshake:
    """Greets connections. Every refusal is sent as an error frame before the socket is closed."""

    def __init__(self, sockets: Sockets, authentication: Authentication, join: Join) -> None:
        self._sockets = sockets
        self._authentication = authentication
        self._join = join

    async def greet(self, connection: Connection, next_text: NextText) -> None:
        """Read the hello and join its session, or fail the connection."""
        if self._sockets.draining:
            connection.fail("The server is shutting down.", "refused", Close.RESTART)
        text = None
        while text is None:
            text = await next_text()
        self._sockets.limits.spoke(connection)
        if connection.verdict is None:
            # From here on the time is the server's own: the hello's deadline no longer applies.
            connection.phase = Phase.JOINING
        hello = _read_hello(connection, text)
        if hello is None:
            return
        if hello.contract in self._sockets.options.refused_contracts:
            sentence = "The application was updated. Reload the page to continue."
            connection.fail(sentence, "refused", Close.CONTRACT_CHANGED)
            return
        try:
            identity = await self._authentication.identify(hello.token)
        except NotSignedIn as error:
            sentence = str(error) or "You are not signed in."
            connection.fail(sentence, "not_signed_in", Close.NOT_SIGNED_IN)
            return
        await self._enter(connection, hello, identity)

    async def _enter(self, connection: Connection, hello: Hello, identity: Identity) -> None:
        if connection.verdict is not None:
            return
        if identity.user is not None:
            if not self._sockets.limits.admit_user(identity.user):
                connection.fail("You have too many open connections.", "too_many", Close.TOO_FAST)
                return
            connection.user, connection.sign_in = identity.user, identity.sign_in
            connection.owner = f"account {identity.user}"
            if not self._sockets.limits.may_join(identity.user, asyncio.get_running_loop().time()):
                sentence = "You connect too often. Try again later."
                connection.fail(sentence, "too_fast", Close.BUSY)
                return
        try:
            await self._join(
                connection, hello, identity, hello.session or secrets.token_urlsafe(16)
            )
        except CannotJoin as refusal:
            connection.fail(refusal.sentence, refusal.code, refusal.close)


def _read_hello(connection: Connection, text: str) -> Hello | None:
    """The hello in this frame; None where it is not valid, and the connection has failed."""
    try:
        if "state" in unpack(text):
            raise Unreadable('The first frame must be the hello, for example {"token": null}.')
        return Hello.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        sentence = f"The hello is not valid: {field}: {first['msg']}."
    except Unreadable as error:
        sentence = str(error)
    connection.fail(sentence, "bad_hello", Close.BAD_HELLO)
    return None


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
