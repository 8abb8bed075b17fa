import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from duplex.accounts.methods.password.hashing import hash_password, is_outdated, verify_password


async def test_a_password_matches_only_its_own_hash() -> None:
    stored = await hash_password("correct horse")
    assert await verify_password(stored, "correct horse")
    assert not await verify_password(stored, "correct horses")
    assert not await verify_password(None, "correct horse")
    assert not await verify_password("", "")
    assert not await verify_password("no hash at all", "correct horse")


async def test_the_real_parameters_follow_rfc_9106(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duplex.accounts.methods.password.hashing._hasher", PasswordHasher())
    parameters = extract_parameters(await hash_password("correct horse"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 64 * 1024
    assert parameters.time_cost >= 3


async def test_weaker_hashes_are_outdated() -> None:
    assert not is_outdated(await hash_password("correct horse"))
    assert is_outdated(PasswordHasher(2, 16, 1).hash("correct horse"))
