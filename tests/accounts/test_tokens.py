from time import time

import jwt
import pytest
from duplex.accounts import tokens
from duplex.accounts.tokens import LIFETIME, BadTokenError, read, sign

NEW = "n" * 16 + "0123456789abcdef"
OLD = "o" * 16 + "0123456789abcdef"


def test_a_token_says_who_it_is_for() -> None:
    before = int(time())
    access = read([NEW], sign([NEW], "ada", "laptop"))
    assert (access.user_id, access.sign_in_id) == ("ada", "laptop")
    assert before <= access.expires - LIFETIME <= time()


def test_a_rotated_secret_is_still_good_for_old_tokens() -> None:
    token = sign([OLD], "ada", "laptop")
    assert read([NEW, OLD], token).user_id == "ada"
    with pytest.raises(BadTokenError):
        read([NEW], token)


def test_new_tokens_are_signed_with_the_newest_secret() -> None:
    assert read([NEW], sign([NEW, OLD], "ada", "laptop")).user_id == "ada"


def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "time", lambda: 1_000_000_000.0)
    with pytest.raises(BadTokenError):
        read([NEW], sign([NEW], "ada", "laptop"))


def forged(key: str | None, algorithm: str, kid: str | None) -> str:
    claims = {"sub": "ada", "sid": "laptop", "exp": 4_000_000_000}
    encode = jwt.encode  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def test_what_is_no_token_of_ours() -> None:
    good = sign([NEW], "ada", "laptop")
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
    ):
        with pytest.raises(BadTokenError):
            read([NEW], token)
