"""Which passwords are accepted: NIST SP 800-63B-4, OWASP ASVS 5."""

import time

import httpx
import pytest
from duplex.accounts.methods.password.policy import (
    LONGEST,
    SHORTEST_ALONE,
    SHORTEST_WITH_SECOND_FACTOR,
    check,
)

OWN = ("ada.lovelace@example.org", "Ada Lovelace", "Test Application", "test-application")


def refusal(password: str, shortest: int = SHORTEST_ALONE) -> str:
    return check(password, shortest=shortest, own=OWN) or ""


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        # No rules about kinds of characters, no upper limit that anybody would meet.
        "only lower case letters here",
        "7302 9914 5528 1840 6637",
        "p\N{GREEK SMALL LETTER BETA}\N{CJK UNIFIED IDEOGRAPH-6F22}\N{PILE OF POO} unicode works",
        "a phrase of some eighty characters, as people like to write them, and then more",
        "x7$" + "kQ9!vLmz" * 8,
    ],
)
def test_good_passwords_are_accepted(password: str) -> None:
    assert refusal(password) == ""


def test_a_password_needs_fifteen_characters_or_eight_with_a_second_factor() -> None:
    assert (SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR) == (15, 8)
    assert "at least 15" in refusal("kQ9!vLmz7#uTpX")
    assert refusal("kQ9!vLmz7#uTpXw") == ""
    assert "at least 8" in refusal("kQ9!vLm", SHORTEST_WITH_SECOND_FACTOR)
    assert refusal("kQ9!vLmz", SHORTEST_WITH_SECOND_FACTOR) == ""


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "password12345678",
        "PASSWORD12345678",
        "123456789012345678",
        "qwertyuiopasdfghjkl",
        "aaaaaaaaaaaaaaaaaaaa",
        "iloveyouiloveyou",
        "1qaz2wsx3edc4rfv",
        "abcdefghijklmnopqrstuvwxyz",
    ],
)
def test_passwords_that_attackers_try_first_are_refused(password: str) -> None:
    assert "attackers try first" in refusal(password)


@pytest.mark.parametrize("password", ["password", "12345678", "iloveyou", "trustno1", "baseball"])
def test_the_most_common_passwords_are_refused_with_a_second_factor_too(password: str) -> None:
    assert "attackers try first" in refusal(password, SHORTEST_WITH_SECOND_FACTOR)


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace@example.org",
        "ADA.LOVELACE@EXAMPLE.ORG!",
        "ada lovelace 1815",
        "Test Application 1",
        "test-application-2026",
        "lovelace lovelace",
    ],
)
def test_names_of_the_account_and_project_are_refused(password: str) -> None:
    assert "mostly your own name" in refusal(password)


def test_a_password_of_spaces_is_refused() -> None:
    assert "more than spaces" in refusal(" \t\N{NO-BREAK SPACE}" * 6)


def test_a_long_password_is_checked_quickly() -> None:
    began = time.thread_time()
    refusal("a1B2" * (LONGEST // 4))
    assert time.thread_time() - began < 1.0


async def test_a_refused_password_is_explained(client: httpx.AsyncClient) -> None:
    body = {"email": "ada@example.org", "name": "Ada", "password": "password12345678"}
    response = await client.post("/api/v1/auth/password/sign-up", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "weak_password")
    assert "attackers try first" in response.json()["error"]
