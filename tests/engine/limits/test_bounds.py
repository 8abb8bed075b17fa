"""Promise 4: everything a client can use up is bounded, with a clear error."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator

import pytest
from duplex.identity import Identity
from duplex.options import Rate
from duplex.socket import endpoint
from duplex.socket.rates import Reports
from duplex.wire.protocol import REQUESTS_IN_FLIGHT as IN_FLIGHT
from duplex_dev.client import CannotConnect
from websockets.exceptions import InvalidStatus

from tests.engine.states import Gates, states
from tests.engine.support import PATIENCE, Server, make_engine, serving, setup


@pytest.fixture(params=[{}])
async def bound(request: pytest.FixtureRequest, gates: Gates) -> AsyncGenerator[Server]:
    """A server with the settings a test asks for."""
    async with serving(make_engine(states(gates), setup(**request.param))) as running:
        yield running


def bounds(**settings: object) -> pytest.MarkDecorator:
    """Parametrize `bound`."""
    return pytest.mark.parametrize("bound", [settings], indirect=True, ids=[""])


async def refused(server: Server, **options: object) -> tuple[int, dict[str, str]]:
    """Try to connect; the HTTP status and body of the refusal."""
    with pytest.raises(CannotConnect) as caught:
        await server.socket(**options)
    assert isinstance(caught.value.__cause__, InvalidStatus)
    response = caught.value.__cause__.response
    return response.status_code, json.loads(response.body or b"{}")


@bounds(hello_timeout=0.1)
async def test_the_hello_must_come_in_time_and_may_come_on_another_connection(
    bound: Server,
) -> None:
    async with await bound.socket() as ada:
        error = await ada.receive()
        assert error["code"] == "slow"
        assert await ada.closed() == 4508


@bounds(hello_timeout=PATIENCE, heartbeat=100 * PATIENCE)
async def test_the_servers_time_for_a_hello_does_not_count_against_the_client(
    bound: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow store must not disconnect its clients for good."""
    known = bound.engine.authentication.authenticate

    async def slowly(token: str | None) -> Identity:
        (connection,) = bound.engine.sockets
        connection.check(asyncio.get_running_loop().time() + 10 * PATIENCE)
        return await known(token)

    monkeypatch.setattr(bound.engine.authentication, "authenticate", slowly)
    async with await bound.client(token="ada") as ada:
        assert ada.initialised["name"] == "Ada"


@bounds(idle=0.2)
async def test_an_idle_connection_is_closed_in_spite_of_heartbeats(bound: Server) -> None:
    async with await bound.client() as ada:
        await ada.send({"state": "ping"})
        assert (await ada.until("error"))["code"] == "idle"
        assert await ada.closed() == 4408


@bounds(max_frame=2048)
async def test_a_frame_that_is_too_big_is_reported_and_closes_the_connection(bound: Server) -> None:
    for size in (2049, 20_000):
        async with await bound.client() as ada:
            await ada.send(json.dumps({"state": "say"}) + " " * size)
            if size < 4000:
                error = await ada.receive()
                assert "id" not in error
                assert (error["code"], error["details"]) == ("too_big", {"limit": 2048})
            assert await ada.closed() == 1009
        async with await bound.client(**ada.resume()) as back:
            assert back.participant == ada.participant
    async with await bound.client() as ada:
        frame = json.dumps({"state": "say", "data": {"text": "é" * 900}}, ensure_ascii=False)
        await ada.send(frame + " " * (2048 - len(frame.encode())))
        assert (await ada.receive())["state"] == "say"


@bounds(refused_contracts=("broken", "older"))
async def test_a_client_of_a_refused_contract_is_told_to_reload(bound: Server) -> None:
    for contract in ("broken", "older"):
        async with await bound.socket() as old:
            await old.send({"contract": contract})
            assert "Reload" in (await old.receive())["error"]
            assert await old.closed() == 4409
    for contract in ("other", None):
        async with await bound.client(contract=contract) as ada:
            assert ada.initialised["participant"]


async def test_a_client_of_another_contract_is_told_and_its_valid_requests_are_handled(
    gates: Gates,
) -> None:
    async with serving(make_engine(states(gates), contract="ours")) as server:
        for contract, changed in (("ours", False), ("older", True), (None, False)):
            async with await server.client(contract=contract) as ada:
                assert ada.initialised["contract_changed"] is changed
        async with await server.client(contract="older") as ada:
            assert (await ada.reply("say", {"text": "valid"}))["state"] == "say"
            assert (await ada.reply("say", {"gone": 1}))["code"] == "invalid_data"
            assert (await ada.reply("gone"))["code"] == "unknown_state"


@bounds(rate=Rate(10, 1.0))
async def test_the_request_rate_is_limited_and_each_excess_request_is_refused(
    bound: Server,
) -> None:
    async with await bound.client() as ada:
        for number in range(30):
            await ada.ask("whisper", {"text": "x"}, id=str(number))
        replies = [await ada.receive() for _ in range(30)]
        fine = [r["id"] for r in replies if r["state"] == "whisper"]
        late = [r["id"] for r in replies if r.get("code") == "too_fast"]
        assert 9 <= len(fine) <= 20
        assert sorted(fine + late, key=int) == [str(n) for n in range(30)]


@bounds(rate=Rate(10, 1.0))
async def test_a_client_that_keeps_flooding_is_closed_with_a_final_code(bound: Server) -> None:
    async with await bound.client() as ada:
        for _ in range(60):
            await ada.ask("whisper", {"text": "x"})
        assert await ada.closed() == 4429


async def test_a_state_has_its_own_limit(bound: Server) -> None:
    async with await bound.client() as ada:
        assert (await ada.reply("rare"))["state"] == "rare"
        error = await ada.reply("rare", id="r")
        assert (error["code"], error["id"], error["details"]) == (
            "too_fast",
            "r",
            {"state": "rare"},
        )
        assert (await ada.reply("whisper"))["state"] == "whisper"


async def test_requests_in_flight_are_bounded(bound: Server, gates: Gates) -> None:
    async with await bound.client() as ada:
        await ada.ask("hold", {"text": "flight"}, id="0")
        for number in range(1, IN_FLIGHT + 1):
            await ada.ask("whisper", id=str(number))
        error = await ada.receive()
        assert (error["code"], error["id"]) == ("too_many", str(IN_FLIGHT))
        gates.open["flight"].set()
        assert [(await ada.receive())["id"] for _ in range(IN_FLIGHT)] == [
            str(number) for number in range(IN_FLIGHT)
        ]


@bounds(max_connections=2)
async def test_connections_are_bounded_and_freed(bound: Server) -> None:
    ada, bob = await bound.client(), await bound.client()
    status, body = await refused(bound)
    assert (status, body["code"]) == (503, "too_many")
    await ada.close()
    async with await bound.client():
        pass
    await bob.close()


@bounds(max_per_address=1)
async def test_connections_of_an_address_are_bounded(bound: Server) -> None:
    async with await bound.client():
        status, body = await refused(bound)
        assert (status, body["code"]) == (503, "too_many")


@bounds(max_unauthenticated=1)
async def test_connections_without_a_hello_are_bounded(bound: Server) -> None:
    async with await bound.socket() as ada:
        assert (await refused(bound))[0] == 503
        await ada.hello()
        async with await bound.client():
            pass


@bounds(max_per_user=1)
async def test_connections_of_a_user_are_bounded(bound: Server) -> None:
    async with await bound.client(token="ada"):
        async with await bound.socket() as second:
            await second.send({"token": "ada"})
            assert (await second.receive())["code"] == "too_many"
            assert await second.closed() == 4429
        async with await bound.client(token="bob"):
            pass
    async with await bound.client(token="ada"):
        pass


@bounds(allowed_origins=("https://page.example",))
async def test_the_origin_is_checked_before_anything_else(bound: Server) -> None:
    own = bound.url.replace("ws://", "http://").split("/api")[0]
    for origin in (own, "https://page.example", None):
        async with await bound.socket(origin=origin) as ada:
            await ada.hello()
    for origin in ("https://evil.example", "null", own + "0"):
        status, body = await refused(bound, origin=origin)
        assert (status, body["code"]) == (403, "forbidden")


async def test_no_state_is_left_when_everybody_has_disconnected(bound: Server) -> None:
    clients = [await bound.client(session="leak", token="ada") for _ in range(10)]
    for client in clients:
        await client.close()
    engine = bound.engine
    async with await bound.client() as last:
        while "leak" in engine.rooms or len(engine.sockets) > 1:
            await last.quiet()
        assert engine.sockets.limits.connections == 1
        assert engine.sockets.limits.unauthenticated == 0


@bounds(rate=Rate(10, 3600.0))
async def test_a_reconnect_does_not_renew_the_rate(bound: Server) -> None:
    """Neither a resumed nor a new participant gets more than one connection may have."""
    fine = 0
    resume: dict[str, object] = {}
    for number in range(4):
        async with await bound.client(**resume) as ada:
            for request in range(10):
                reply = await ada.reply("whisper", {"text": "x"}, id=f"{number} {request}")
                fine += reply["state"] == "whisper"
            resume = ada.resume() if number % 2 else {}
            if resume:
                ada.lose()
        await nobody_is_connected(bound)
    assert fine == 10


async def nobody_is_connected(server: Server) -> None:
    async with asyncio.timeout(PATIENCE):
        await server.engine.sockets.empty.wait()


@bounds(rate=Rate(10, 3600.0))
async def test_accounts_have_separate_rates(bound: Server) -> None:
    for token in ("ada", "bob"):
        async with await bound.client(token=token) as client:
            replies = [await client.reply("whisper", {"text": "x"}) for _ in range(11)]
        assert [reply["state"] for reply in replies] == ["whisper"] * 10 + ["error"]


async def test_the_limit_of_a_state_is_not_renewed_by_a_new_participant(bound: Server) -> None:
    async with await bound.client(token="ada") as ada:
        assert (await ada.reply("rare"))["state"] == "rare"
    await nobody_is_connected(bound)
    async with await bound.client(token="ada") as ada:
        assert (await ada.reply("rare"))["code"] == "too_fast"


@bounds(join_rate=Rate(3, 3600.0))
async def test_an_address_connects_only_so_often(bound: Server) -> None:
    for _ in range(3):
        await (await bound.client()).close()
    status, body = await refused(bound)
    assert (status, body["code"]) == (429, "too_many")


@bounds(join_rate=Rate(3, 3600.0))
async def test_an_account_joins_only_so_often(
    bound: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def admit(address: str, now: float) -> None:
        """The address may connect as often as it wants."""

    monkeypatch.setattr(bound.engine.sockets.limits, "admit", admit)
    for _ in range(3):
        await (await bound.client(token="ada")).close()
    async with await bound.socket() as often:
        await often.send({"token": "ada"})
        assert (await often.receive())["code"] == "too_fast"
        assert await often.closed() == 1013
    async with await bound.client(token="bob"):
        pass


@bounds(room_rate=Rate(3, 3600.0))
async def test_an_account_opens_only_so_many_sessions(bound: Server) -> None:
    for _ in range(3):
        await (await bound.client(token="ada")).close()
    async with await bound.socket() as often:
        await often.send({"token": "ada"})
        assert (await often.receive())["code"] == "too_fast"
        assert await often.closed() == 1013
    async with (
        await bound.client(token="bob", session="open"),
        await bound.client(token="ada", session="open") as ada,
    ):
        assert ada.session == "open"


@bounds(max_unauthenticated=3, max_per_address=0)
async def test_silent_connections_of_one_address_are_dropped_in_favour_of_others(
    bound: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = iter(["many", "many", "few", "new"])

    def counted(client: object) -> str:
        return next(address)

    monkeypatch.setattr(endpoint, "counted_address", counted)
    first, second, few = [await bound.socket() for _ in range(3)]
    newcomer = await bound.client()
    assert await first.closed() == 1006
    for silent in (second, few):
        await silent.hello()
    assert (await newcomer.reply("whisper", {"text": "x"}))["state"] == "whisper"
    for client in (second, few, newcomer):
        await client.close()
    await nobody_is_connected(bound)
    assert bound.engine.sockets.limits.unauthenticated == 0


@bounds(allowed_origins=("https://page.example",))
async def test_a_refused_origin_is_logged_once_a_second_with_both_values(
    bound: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_reports", Reports(logging.getLogger("duplex")))
    for _ in range(3):
        await refused(bound, origin="https://evil.example")
    (record,) = [one for one in caplog.records if one.name == "duplex"]
    assert record.levelno == logging.WARNING
    own = bound.url.replace("ws://", "http://").split("/api")[0]
    for part in ("https://evil.example", own, "https://page.example"):
        assert part in record.getMessage()
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
