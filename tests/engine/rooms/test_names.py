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
        # Marks as people write them, taken apart into single characters.
        "Nguye\u0302\u0303n Thi\u0323 Minh Huye\u0323\u0302n",
        "\u05e9\u05bc\u05c1\u05b8\u05d1",
        "\u05d1\u05bc\u05b0\u05e8\u05b5\u05d0\u05e9\u05c1\u05b4\u05bc\u0596\u05d9\u05ea",
        "\u0e1c\u0e39\u0e49\u0e43\u0e2b\u0e0d\u0e48 \u0e19\u0e49\u0e33\u0e1d\u0e19",
        "\u0915\u093c\u0941\u0901\u0935\u0930",
        "\u0930\u093e\u091c\u0947\u0928\u094d\u0926\u094d\u0930",
        "\u101c\u103e\u102d\u102f\u1037\u101d\u103e\u1000\u103a",
        "\u0f66\u0f92\u0fb2\u0f74\u0f56 \u0f56\u0f66\u0f92\u0fb2\u0f7c\u0f63",
        "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f",
        "1\ufe0f\u20e3 \U0001f3f3\ufe0f\u200d\u26a7\ufe0f",
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
        "A" + "\u0301" * 5 + "da",
        # Joiners and marks with a width of their own do not begin a new letter.
        "A" + "\u0301\u200d" * 5 + "da",
        "\u0915" + "\u093e\u0301" * 5,
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
