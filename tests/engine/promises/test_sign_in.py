"""Promise 5: changes of a sign-in take effect on open connections."""

import pytest
from duplex import Identity, NotSignedIn, Refused

from tests.engine.support import Server, Store


async def test_a_bad_token_gets_an_error_and_closes_the_connection(server: Server) -> None:
    async with await server.socket() as ada:
        await ada.send({"token": "bad"})
        error = await ada.receive()
        assert error == {
            "state": "error",
            "error": "This token is not good any more.",
            "code": "not_signed_in",
        }
        assert await ada.closed() == 4401


async def test_an_expiring_token_is_announced_and_then_closes_the_connection(
    server: Server,
) -> None:
    async with await server.client(token="ada@2.2") as ada:
        expiring = await ada.until("expiring")
        assert 0 < expiring["data"]["within"] <= 2.2
        assert (await ada.until("error"))["code"] == "not_signed_in"
        assert await ada.closed() == 4401


async def test_a_token_is_renewed_in_place_while_a_request_runs(server: Server) -> None:
    async with await server.client(token="ada@2.2") as ada:
        await ada.until("expiring")
        await ada.ask("hold", {"text": "renew"}, id="h")
        await ada.send({"state": "authenticate", "data": {"token": "ada:admin"}, "id": "a"})
        renewed = await ada.receive()
        assert renewed == {"state": "authenticate", "data": {"expires": None}, "id": "a"}
        await ada.send({"state": "cancel", "id": "h"})
        await ada.until("error")
        assert (await ada.reply("rule"))["state"] == "rule"


async def test_a_bad_or_foreign_token_changes_nothing(server: Server) -> None:
    async with await server.client(token="ada") as ada:
        for token, code in (("bad", "not_signed_in"), ("eve:admin", "forbidden")):
            await ada.send({"state": "authenticate", "token": token})
            assert (await ada.receive())["code"] == code
        assert (await ada.reply("rule"))["code"] == "forbidden"
        assert (await ada.reply("say", {"text": "still"}))["state"] == "say"


async def test_allow_decides_who_may_send_a_state(server: Server) -> None:
    async with await server.client(token="ada:admin") as ada, await server.client() as bob:
        assert (await ada.reply("rule"))["state"] == "rule"
        error = await bob.reply("rule", id="r")
        assert (error["code"], error["id"]) == ("forbidden", "r")


async def test_a_revoked_user_is_disconnected_everywhere_and_nobody_else(server: Server) -> None:
    async with (
        await server.client(token="eve") as one,
        await server.client(token="eve") as two,
        await server.client(token="bob") as bob,
        await server.client() as guest,
    ):
        await server.engine.revoke("eve")
        for gone in (one, two):
            assert (await gone.until("error"))["code"] == "not_signed_in"
            assert await gone.closed() == 4401
        for other in (bob, guest):
            assert await other.quiet() == []


async def test_a_user_who_is_revoked_while_joining_does_not_get_in(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def revoked(identity: Identity, session: str) -> bool:
        await server.engine.revoke("eve")
        return True

    monkeypatch.setattr(store, "may_join", revoked)
    async with await server.socket() as eve:
        await eve.send({"token": "eve"})
        assert (await eve.receive())["code"] == "not_signed_in"
        assert await eve.closed() == 4401


async def test_a_refusal_to_join_is_explained(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def finished(identity: Identity, session: str) -> bool:
        raise Refused("This quiz is over.", code="conflict")

    monkeypatch.setattr(store, "may_join", finished)
    async with await server.socket() as ada:
        await ada.send({"session": "quiz"})
        error = {"state": "error", "error": "This quiz is over.", "code": "forbidden"}
        assert await ada.receive() == error
        assert await ada.closed() == 4403


async def test_who_may_join_is_decided_again_at_a_resume(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    async def members_only(identity: Identity, session: str) -> bool:
        asked.append(identity.user)
        return len(asked) == 1

    monkeypatch.setattr(store, "may_join", members_only)
    ada = await server.client(token="ada", session="club")
    ada.lose()
    async with await server.socket() as again:
        await again.send({"token": "ada", **ada.resume()})
        assert (await again.receive())["code"] == "forbidden"
        assert await again.closed() == 4403
    assert asked == ["ada", "ada"]


async def test_a_token_revoked_during_its_check_is_checked_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [True]

    async def slow(token: str | None) -> Identity:
        # The identity before the database was changed.
        if not good:
            raise NotSignedIn("You were signed out.")
        good.clear()
        await server.engine.revoke("eve")
        return Identity(user="eve")

    monkeypatch.setattr(server.engine.authentication, "authenticate", slow)
    async with await server.socket() as eve:
        await eve.send({"token": "eve"})
        assert (await eve.receive())["code"] == "not_signed_in"
        assert await eve.closed() == 4401


async def test_a_sign_in_that_is_revoked_while_a_token_is_renewed_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await server.client(token="eve") as eve:
        valid = [True]

        async def slow(token: str | None) -> Identity:
            if not valid:
                raise NotSignedIn("You were signed out.")
            valid.clear()
            await server.engine.revoke("eve", "new sign-in")
            return Identity(user="eve", sign_in="new sign-in")

        monkeypatch.setattr(server.engine.authentication, "authenticate", slow)
        await eve.send({"state": "authenticate", "data": {"token": "eve"}})
        # Through Valkey the revocation may arrive after the renewal was answered.
        assert (await eve.until("error"))["code"] == "not_signed_in"
