"""Names of participants are true and can be shown."""

import pytest
from duplex.wire.models import is_name

from tests.engine.support import Server


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Ada Lovelace",
        "Zoë",
        "Žofia-Ľubica",
        "أدا",
        "עדה",
        "愛達",
        "อดา",
        "👩\u200d💻",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "नी\u200dल",
        "O'Neil & <b>",
    ],
)
def test_names_in_any_script_are_accepted(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "A\0da",
        "Ada\n",
        "A\tda",
        "A\x85da",
        "A\u2028da",
        "A\u2029da",
        "\u202eadA",
        "A\u2066da",
        "A\u200fda",
        "A\u061cda",
        "A\u200bda",
        "A\u2060da",
        "\ufeffAda",
        "A\u00adda",
        "\u200d",
        "\u3164",
        "\u2800\u00a0",
        "\u0301",
        "\ue000",
    ],
)
def test_names_that_cannot_be_shown_are_refused(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("name", ["A\0da", "A\nda", "\u202eadA", "\u3164", "\u200b"])
async def test_a_hello_with_a_name_that_cannot_be_shown_is_refused(
    server: Server, name: str
) -> None:
    async with await server.socket() as ada:
        await ada.send({"name": name})
        error = await ada.receive()
        assert (error["code"], "name" in error["error"]) == ("bad_hello", True)
        assert await ada.closed() == 4400


async def test_an_empty_name_is_the_default(server: Server) -> None:
    async with await server.client(name="  ") as ada:
        assert ada.initialised["name"] == "Guest"


async def test_a_signed_in_participant_has_the_name_of_the_account(server: Server) -> None:
    async with (
        await server.client(session="true", name="Boss") as guest,
        await server.client(session="true", token="ada", name="Boss") as ada,
    ):
        assert guest.initialised["name"] == "Boss"
        assert ada.initialised["name"] == "Ada"
        assert (await guest.until("joined"))["data"]["name"] == "Ada"


async def test_handlers_get_the_accounts_of_all_participants(server: Server) -> None:
    async with (
        await server.client(session="who", token="ada") as ada,
        await server.client(session="who"),
        await server.client(session="who", token="bob") as bob,
    ):
        for client in (ada, bob):
            assert (await client.reply("whoIsHere"))["data"] == {"users": ["ada", None, "bob"]}
        assert "user" not in bob.initialised["participants"][0]
