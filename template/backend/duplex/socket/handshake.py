"""The hello: who it is, which session, and whether that is allowed."""

import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pydantic import ValidationError

from duplex.brokers.base import BrokerUnavailable
from duplex.identity import Identity, NotSignedIn
from duplex.socket.connection import Connection, Phase
from duplex.wire.protocol import Close, Hello, Unopened, Unreadable, unpack

if TYPE_CHECKING:
    from duplex.rooms.engine import Engine

NextText = Callable[[], Awaitable[str | None]]


async def greet(engine: "Engine", one: Connection, next_text: NextText) -> None:
    """The first frame: who it is and which session. Whatever is wrong is said, then the socket
    closed.
    """
    if engine.draining:
        one.fail("The server is leaving.", "refused", Close.RESTART)
    text = None
    while text is None:
        text = await next_text()
    if one.verdict is None:
        # How long the rest takes is not the client's doing.
        one.phase = Phase.JOINING
    try:
        frame = unpack(text)
        if "state" in frame:
            raise Unreadable('The first frame is the hello, for example {"token": null}.')
        hello = Hello.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        one.fail(f"The hello is not valid: {where}: {first['msg']}.", "bad_hello", Close.BAD_HELLO)
        return
    except Unreadable as error:
        one.fail(str(error), "bad_hello", Close.BAD_HELLO)
        return
    if hello.contract in engine.options.refused_contracts:
        sentence = "The application was updated. Reload the page to go on."
        one.fail(sentence, "refused", Close.CONTRACT_CHANGED)
        return
    try:
        identity = await _authenticate(engine, hello.token)
    except NotSignedIn as error:
        one.fail(str(error) or "You are not signed in.", "not_signed_in", Close.NOT_SIGNED_IN)
        return
    await _enter(engine, one, hello, identity)


async def _authenticate(engine: "Engine", token: str | None) -> Identity:
    """What the token says when nobody was revoked meanwhile: it may have been this very user, who
    is not known by name yet.
    """
    while True:
        revoked = engine.revoked
        identity = await engine.authenticate(token)
        if revoked == engine.revoked:
            return identity


async def _enter(engine: "Engine", one: Connection, hello: Hello, identity: Identity) -> None:
    if one.verdict is not None:
        return
    room = hello.session or secrets.token_urlsafe(16)
    if identity.user is not None:
        if not engine.census.admit_user(identity.user):
            one.fail("You have too many connections open.", "too_many", Close.TOO_FAST)
            return
        one.user, one.sign_in = identity.user, identity.sign_in
    if not await engine.may_join(identity, room):
        one.fail("You may not join this session.", "forbidden", Close.FORBIDDEN)
        return
    try:
        await engine.joining.enter(one, hello, identity, room)
    except Unopened as error:
        one.fail(str(error), "conflict", Close.FORBIDDEN)
    except BrokerUnavailable:
        sentence = "The session's store cannot be reached."
        one.fail(sentence, "broker_unavailable", Close.DRAINING)
