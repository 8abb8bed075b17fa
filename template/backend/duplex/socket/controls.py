"""The reserved requests: `ping`, `authenticate`, `cancel` and `leave`."""

import logging
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from duplex.identity import NotSignedIn
from duplex.requests.registry import Rejected
from duplex.rooms.member import Member
from duplex.socket.connection import Connection
from duplex.wire import protocol
from duplex.wire.protocol import Close, Control

if TYPE_CHECKING:
    from duplex.rooms.engine import Engine

logger = logging.getLogger("duplex")

_PONG: Final = protocol.notice("pong")


class Controls:
    """Acts on one connection's reserved requests."""

    __slots__ = ("_connection", "_engine", "_renewing")

    def __init__(self, engine: "Engine", connection: Connection) -> None:
        self._engine = engine
        self._connection = connection
        self._renewing = False

    def act(self, frame: Control) -> None:
        """`ping`, `authenticate`, `cancel` and `leave` are acted on at once, whatever else runs."""
        one = self._connection
        member = one.member
        if member is None:
            one.error("The session is not open.", "not_initialised", frame.id)
        elif frame.state == "ping":
            one.pings = True
            one.send(_PONG if frame.id is None else protocol.notice("pong", None, frame.id))
        elif frame.state == "cancel":
            self._cancel(member, frame)
        elif frame.state == "leave":
            one.close(Close.ENDED, "left")
        elif self._renewing:
            one.error("The last token is still being checked.", "too_many", frame.id)
        else:
            self._renewing = True
            self._engine.spawn(self._renew(member, frame))

    def _cancel(self, member: Member, frame: Control) -> None:
        wanted = frame.data.get("id") if isinstance(frame.data, dict) else None
        wanted = wanted if isinstance(wanted, str) else frame.id
        if wanted is None:
            self._connection.error("`cancel` needs the id of a request.", "bad_frame")
        elif not member.cancel(wanted) and wanted in member.elsewhere:
            self._engine.spawn(self._engine.cancel(member, wanted))

    async def _renew(self, member: Member, frame: Control) -> None:
        """A new token on an open connection: it takes the place of the old one, for the same
        user.
        """
        one = self._connection
        token = frame.data.get("token") if isinstance(frame.data, dict) else None
        token = token if isinstance(token, str) else frame.token
        try:
            identity = await self._engine.authenticate(token)
        except NotSignedIn as error:
            one.error(str(error) or "You are not signed in.", "not_signed_in", frame.id)
        except Exception:
            logger.exception("a token could not be checked")
            one.error("The token could not be checked.", "internal", frame.id)
        else:
            if identity.user != member.identity.user:
                one.error("The token is somebody else's.", "forbidden", frame.id)
            else:
                member.identity, one.sign_in = identity, identity.sign_in
                one.signed_in_until(identity.expires)
                data = {"expires": identity.expires}
                one.send(protocol.notice("authenticate", dict(data), frame.id))
        finally:
            self._renewing = False


def read_control(name: str, frame: dict[str, Any], request_id: str | None) -> Control:
    """A frame whose state is no state of the team's. Raises `Rejected`."""
    if name not in protocol.CLIENT_STATES:
        raise Rejected(f"There is no state {name[:64]!r}.", "unknown_state", request_id)
    try:
        return Control.model_validate(frame)
    except ValidationError:
        raise Rejected(f"This {name} is not valid.", "bad_frame", request_id) from None
