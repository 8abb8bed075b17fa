"""The behaviour on which the guide's plain client relies."""

from tests.engine.support import Server


async def test_a_plain_client_sends_a_token_then_states_and_gets_its_replies_in_order(
    server: Server,
) -> None:
    for hello in ({"token": "ada"}, {}, {"token": None}):
        async with await server.socket() as client:
            await client.hello(**hello)
            for number in range(20):
                await client.ask("say", {"text": str(number)})
            replies = [await client.receive() for _ in range(20)]
            assert [r["data"]["text"] for r in replies] == [str(n) for n in range(20)]
            assert all("id" not in r and "error" not in r for r in replies)
