from time import time
from typing import Any

import jwt
import pytest
from duplex.accounts.sign_in import tokens
from duplex.accounts.sign_in.tokens import LIFETIME, BadTokenError, read, sign

NEW = "n" * 16 + "0123456789abcdef"
OLD = "o" * 16 + "0123456789abcdef"


def test_a_token_contains_its_user_and_sign_in() -> None:
    before = int(time())
    access = read([NEW], "app", sign([NEW], "app", "ada", "laptop"))
    assert (access.user_id, access.sign_in_id) == ("ada", "laptop")
    assert before <= access.expires - LIFETIME <= time()


def test_old_tokens_are_valid_after_a_rotation_of_the_secret() -> None:
    token = sign([OLD], "app", "ada", "laptop")
    assert read([NEW, OLD], "app", token).user_id == "ada"
    with pytest.raises(BadTokenError):
        read([NEW], "app", token)


def test_new_tokens_are_signed_with_the_newest_secret() -> None:
    assert read([NEW], "app", sign([NEW, OLD], "app", "ada", "laptop")).user_id == "ada"


def test_a_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "time", lambda: 1_000_000_000.0)
    with pytest.raises(BadTokenError):
        read([NEW], "app", sign([NEW], "app", "ada", "laptop"))


def forged(key: Any, algorithm: str, kid: str | None, kind: str = tokens.TYPE) -> str:
    claims = {"aud": "app", "sub": "ada", "sid": "laptop", "exp": 4_000_000_000}
    headers = {"typ": kind} | ({"kid": kid} if kid else {})
    encode = jwt.encode  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return encode(claims, key, algorithm=algorithm, headers=headers)


def test_forged_tokens_are_refused() -> None:
    good = sign([NEW], "app", "ada", "laptop")
    head, body, signature = good.split(".")
    kid = jwt.get_unverified_header(good)["kid"]
    unsigned = forged(None, "none", kid)
    plain_secret = forged(NEW, "HS256", kid)
    for token in (
        "",
        "nonsense",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        unsigned,
        plain_secret,
        forged(NEW, "HS256", None),
        # Signed with the right key, but for another purpose.
        forged(tokens._derive(NEW), "HS256", kid, "JWT"),  # pyright: ignore[reportPrivateUsage]
    ):
        with pytest.raises(BadTokenError):
            read([NEW], "app", token)


def test_a_token_of_another_project_is_refused() -> None:
    with pytest.raises(BadTokenError):
        read([NEW], "app", sign([NEW], "other", "ada", "laptop"))
