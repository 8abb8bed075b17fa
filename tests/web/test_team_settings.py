"""A setting that a team adds behaves like the engine's, with its message for a bad value."""

from typing import Self

import duplex
import pytest
from pydantic import Field, SecretStr, model_validator


class TeamSettings(duplex.Settings):
    board_limit: int = Field(default=20, ge=1, description="a number from 1")
    seats: int = 4
    api_key: SecretStr = Field(default=SecretStr("x" * 8), min_length=8, description="a long key")

    @model_validator(mode="after")
    def check_seats(self) -> Self:
        if self.seats > self.board_limit:
            raise ValueError("SEATS: at most BOARD_LIMIT")
        return self


WITHOUT_DESCRIPTION = "Input should be a valid integer, unable to parse string as an integer"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("BOARD_LIMIT", "0", "BOARD_LIMIT: '0' is not valid; expected a number from 1"),
        ("PORT", "x", "PORT: 'x' is not valid; expected a port from 0 (any free one) to 65535"),
        ("API_KEY", "hunter2", "API_KEY: the value (not shown) is not valid; expected a long key"),
        ("SEATS", "21", "SEATS: at most BOARD_LIMIT"),
        ("SEATS", "4.5", f"SEATS: '4.5' is not valid: {WITHOUT_DESCRIPTION}"),
    ],
)
def test_a_bad_value_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    line: str,
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        TeamSettings.load()
    assert capsys.readouterr().err == f"{line}\n"


def test_a_setting_of_the_team_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BOARD_LIMIT", "7")
    assert TeamSettings.load().board_limit == 7
