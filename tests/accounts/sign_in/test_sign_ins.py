import asyncio
from datetime import timedelta

import httpx
import pytest
from app.settings import Settings
from duplex import Application, Rate
from duplex.accounts import attempts
from duplex.accounts.sign_in import refresh_tokens, tokens
from duplex.accounts.tables.sign_ins import RefreshToken, SignIn
from duplex.web.database import Database
from duplex.web.errors import CannotStart
from duplex_dev.testing import new_client
from fastapi import FastAPI
from sqlalchemy import select

from tests.accounts.conftest import Clock, NewDevice
from tests.accounts.people import SLUG, Device, User, status_and_code

ALMOST = refresh_tokens.GRACE - timedelta(seconds=1)
LONGER = refresh_tokens.GRACE + timedelta(seconds=1)


async def test_refreshing_replaces_both_tokens(ada: Device) -> None:
    cookie = ada.cookie
    assert (await ada.post("refresh")).status_code == 200
    assert ada.cookie != cookie
    assert await ada.who() == 200


async def test_only_the_hash_of_a_refresh_token_is_stored(ada: Device, database: Database) -> None:
    async with database.reading() as db:
        (stored,) = await db.scalars(select(RefreshToken.token_hash))
    assert len(ada.cookie) == 43
    assert ada.cookie not in stored


async def test_an_old_refresh_token_ends_the_sign_in(ada: Device, clock: Clock) -> None:
    stolen = ada.cookie
    await ada.post("refresh")
    good = ada.cookie
    clock.move(LONGER)
    ada.cookie = stolen
    assert (await ada.post("refresh")).status_code == 401
    ada.cookie = good
    assert (await ada.post("refresh")).status_code == 401
    assert await ada.who() == 401


async def test_other_sign_ins_of_the_user_continue(
    ada: Device, new_device: NewDevice, clock: Clock
) -> None:
    other = new_device()
    await other.sign_in()
    stolen = ada.cookie
    await ada.post("refresh")
    clock.move(LONGER)
    ada.cookie = stolen
    await ada.post("refresh")
    assert await other.who() == 200
    assert (await other.post("refresh")).status_code == 200


async def test_two_tabs_may_refresh_at_the_same_moment(ada: Device, clock: Clock) -> None:
    first, second = await asyncio.gather(ada.post("refresh"), ada.post("refresh"))
    assert first.status_code == second.status_code == 200
    clock.move(LONGER)
    # The browser keeps whichever cookie came last: either has to work.
    ada.cookie = first.cookies[f"{SLUG}-refresh"]
    assert (await ada.post("refresh")).status_code == 200
    assert await ada.who() == 200


async def test_a_page_reloaded_during_a_refresh_stays_signed_in(ada: Device, clock: Clock) -> None:
    before = ada.cookie
    await ada.post("refresh")
    ada.cookie = before
    clock.move(ALMOST)
    assert (await ada.post("refresh")).status_code == 200
    clock.move(LONGER)
    assert (await ada.post("refresh")).status_code == 200


async def test_a_thief_who_uses_the_grace_is_detected(ada: Device, clock: Clock) -> None:
    stolen = ada.cookie
    await ada.post("refresh")
    good = ada.cookie
    ada.cookie = stolen
    assert (await ada.post("refresh")).status_code == 200
    thief = ada.cookie
    clock.move(timedelta(minutes=9))
    assert (await ada.post("refresh")).status_code == 200
    clock.move(timedelta(minutes=9))
    for token in (good, thief):
        ada.cookie = token
        assert (await ada.post("refresh")).status_code == 401
    assert await ada.who() == 401


async def test_a_token_two_generations_old_gets_no_grace(ada: Device, clock: Clock) -> None:
    oldest = ada.cookie
    await ada.post("refresh")
    await ada.post("refresh")
    ada.cookie = oldest
    assert (await ada.post("refresh")).status_code == 401
    assert await ada.who() == 401


async def test_an_idle_device_has_to_sign_in_again(ada: Device, clock: Clock) -> None:
    clock.move(refresh_tokens.IDLE - timedelta(minutes=1))
    assert (await ada.post("refresh")).status_code == 200
    clock.move(refresh_tokens.IDLE + timedelta(minutes=1))
    assert (await ada.post("refresh")).status_code == 401


async def test_every_device_has_to_sign_in_again_after_90_days(ada: Device, clock: Clock) -> None:
    spent = timedelta()
    while spent + timedelta(days=10) < refresh_tokens.LONGEST:
        clock.move(timedelta(days=10))
        spent += timedelta(days=10)
        assert (await ada.post("refresh")).status_code == 200
    clock.move(timedelta(days=11))
    assert (await ada.post("refresh")).status_code == 401


async def test_ended_sign_ins_are_deleted(ada: Device, database: Database, clock: Clock) -> None:
    clock.move(refresh_tokens.IDLE + timedelta(minutes=1))
    await ada.sign_in()
    async with database.reading() as db:
        assert len((await db.scalars(select(SignIn))).all()) == 1
        assert len((await db.scalars(select(RefreshToken))).all()) == 1


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 5000])
async def test_an_invalid_token_is_refused(ada: Device, token: str) -> None:
    ada.cookie = token
    response = await ada.post("refresh")
    assert status_and_code(response) == (401, "not_signed_in")


async def test_signing_out_ends_this_sign_in_only(ada: Device, new_device: NewDevice) -> None:
    other = new_device()
    await other.sign_in()
    cookie = ada.cookie
    response = await ada.post("sign-out")
    assert response.status_code == 204
    assert f"{SLUG}-refresh" not in ada.http.cookies
    assert await ada.who() == 401
    ada.cookie = cookie
    assert (await ada.post("refresh")).status_code == 401
    assert await other.who() == 200


async def test_a_program_signs_out_with_its_access_token(
    ada: Device, new_device: NewDevice
) -> None:
    program = new_device()
    await program.sign_in()
    program.http.cookies.clear()
    del program.http.headers["Origin"]
    assert (await program.post("sign-out")).status_code == 204
    assert await program.who() == 401
    assert await ada.who() == 200


async def test_signing_out_twice_succeeds(ada: Device) -> None:
    await ada.post("sign-out")
    assert (await ada.post("sign-out")).status_code == 204


async def test_signing_out_everywhere(ada: Device, new_device: NewDevice) -> None:
    other, bob = new_device(), new_device("bob@example.org")
    await other.sign_in()
    await bob.sign_up()
    assert (await ada.post("sign-out-everywhere")).status_code == 204
    assert await ada.who() == await other.who() == 401
    assert (await other.post("refresh")).status_code == 401
    assert await bob.who() == 200


async def test_signing_out_everywhere_needs_a_sign_in(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/auth/sign-out-everywhere")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["refresh", "sign-out"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_other_sites_cannot_use_the_cookie(
    ada: Device, path: str, origin: str | None
) -> None:
    cookie = ada.cookie
    del ada.http.headers["Origin"]
    if origin is not None:
        ada.http.headers["Origin"] = origin
    assert (await ada.post(path)).status_code == 403
    assert ada.cookie == cookie
    ada.http.headers["Origin"] = "http://test"
    assert (await ada.post("refresh")).status_code == 200


async def test_a_sign_in_with_an_old_cookie_ends_the_old_family(
    ada: Device, new_device: NewDevice, database: Database
) -> None:
    old = Device(new_device().http, ada.email, ada.token)
    ada.token = ""
    assert (await ada.sign_in()).status_code == 200
    assert await ada.who() == 200
    assert await old.who() == 401
    async with database.reading() as db:
        ended = [one.revoked_at is not None for one in await db.scalars(select(SignIn))]
    assert sorted(ended) == [False, True]


async def test_a_sign_in_with_an_access_token_confirms_that_sign_in(
    ada: Device, database: Database, clock: Clock
) -> None:
    before = ada.cookie
    clock.move(timedelta(hours=1))
    assert (await ada.sign_in()).status_code == 200
    # New tokens all the same: the old ones are spent.
    assert ada.cookie != before
    async with database.reading() as db:
        (sign_in,) = await db.scalars(select(SignIn))
    assert sign_in.confirmed_at - sign_in.created_at > timedelta(minutes=59)
    assert sign_in.methods == "password"
    clock.move(LONGER)
    ada.cookie = before
    assert (await ada.post("refresh")).status_code == 401


async def test_an_access_token_of_another_user_confirms_nothing(
    ada: Device, new_device: NewDevice
) -> None:
    bob = new_device("bob@example.org")
    await bob.sign_up()
    bob.email = ada.email
    await bob.sign_in()
    assert bob.profile["email"] == "ada@example.org"
    assert (await bob.ask("GET", "users/me")).json()["email"] == "ada@example.org"


async def test_renewals_are_limited(ada: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    few = attempts.Limits(Rate(3, 60.0), Rate(3, 60.0), Rate(3, 60.0))
    monkeypatch.setattr(attempts, "REFRESH", few)
    assert [(await ada.post("refresh")).status_code for _ in range(4)] == [200, 200, 200, 429]


async def test_in_production_no_other_sub_domain_can_set_the_cookies(
    application: Application, settings: Settings
) -> None:
    production = Settings.given(
        environment="production",
        secret_key="f1b7c2d94e8a60537d2c1b9a8e4f6053a7c9",
        public_url="https://test",
        session_drain=0,
        database_url=settings.database_url,
    )
    app = application.create(production)
    async with app.router.lifespan_context(app) as state:
        app.state.lifespan = state
        async with new_client(app) as client:
            response = await Device(client, "ada@example.org").ask_for_account()
            (cookie,) = response.headers.get_list("set-cookie")
            assert cookie.startswith(f"__Host-{SLUG}-kept-sign-up=")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
            assert (await client.get("/dev/mailbox")).status_code == 404


async def test_in_production_public_url_is_required(
    application: Application, settings: Settings
) -> None:
    production = Settings.given(
        environment="production",
        secret_key="f1b7c2d94e8a60537d2c1b9a8e4f6053a7c9",
        database_url=settings.database_url,
    )
    app = application.create(production)
    with pytest.raises(CannotStart, match="PUBLIC_URL"):
        async with app.router.lifespan_context(app):
            pass


async def test_an_access_token_is_invalid_when_its_user_is_deactivated_or_deleted(
    ada: Device, app: FastAPI, database: Database
) -> None:
    async with database.transaction() as db:
        user = await db.get_one(User, ada.profile["id"])
        user.is_active = False
    assert await ada.who() == 401
    assert (await ada.post("refresh")).status_code == 401
    assert (await ada.sign_in()).status_code == 401
    async with database.transaction() as db:
        await db.delete(await db.get_one(User, ada.profile["id"]))
    assert await ada.who() == 401


async def test_an_access_token_of_another_server_is_refused(ada: Device) -> None:
    ada.token = tokens.sign(["another secret" * 4], SLUG, ada.profile["id"], "some sign-in")
    assert await ada.who() == 401
