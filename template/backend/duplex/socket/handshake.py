"""The first frame of a connection: identifies the client and joins a session."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from pydantic import ValidationError

from duplex.identity import Authentication, Identity, NotSignedIn
from duplex.socket.connection import Connection, Phase
from duplex.socket.sockets import Sockets
from duplex.wire.messages import CannotJoin, Unreadable, unpack
from duplex.wire.models import Hello
from duplex.wire.protocol import Close

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
        hello = _read(connection, text)
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


def _read(connection: Connection, text: str) -> Hello | None:
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
