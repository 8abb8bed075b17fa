"""Two workers behind one broker: what ends a sign-in at one closes its sockets at the other."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from app.settings import Settings
from duplex import Application
from duplex.web.database import Database
from duplex_dev.testing import PATIENCE, Client, serve
from duplex_dev.testing.servers import Valkey

from tests.accounts.people import ANOTHER, PASSWORD, Device, promote


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def workers(
    application: Application, settings: Settings, valkey: Valkey
) -> AsyncIterator[list[str]]:
    """The addresses of two servers with one database and one broker."""
    shared = settings.model_copy(update={"broker_url": valkey.url})
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serve(application.create(shared))) for _ in range(2)]


@pytest.fixture
async def ada(workers: list[str]) -> AsyncIterator[Device]:
    """Ada's browser at the first worker."""
    origin = f"http://{workers[0]}"
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}) as client:
        device = Device(client, "ada@example.org")
        assert (await device.sign_up()).status_code == 201
        yield device


async def sign_out(ada: Device, database: Database) -> None:
    assert (await ada.post("sign-out")).status_code == 204


async def change_password(ada: Device, database: Database) -> None:
    new = {"current_password": PASSWORD, "new_password": ANOTHER}
    assert (await ada.post("password/change", new)).status_code == 200


async def sign_out_this_device(ada: Device, database: Database) -> None:
    (device,) = (await ada.ask("GET", "auth/devices")).json()["devices"]
    assert (await ada.ask("DELETE", f"auth/devices/{device['id']}")).status_code == 204


async def deactivate(ada: Device, database: Database) -> None:
    admin = Device(ada.http, "admin@example.org")
    ada.http.cookies.clear()
    assert (await admin.sign_up()).status_code == 201
    await promote(admin, database)
    changed = await admin.ask("PATCH", f"users/{ada.profile['id']}", {"is_active": False})
    assert changed.status_code == 200


@pytest.mark.parametrize("end", [sign_out, sign_out_this_device, change_password, deactivate])
async def test_a_sign_in_that_ends_closes_its_sockets_on_every_worker(
    workers: list[str],
    ada: Device,
    database: Database,
    end: Callable[[Device, Database], Awaitable[None]],
) -> None:
    urls = [f"http://{worker}" for worker in workers]
    clients = [await Client.join(url, patience=PATIENCE, token=ada.token) for url in urls]
    await end(ada, database)
    # Their token is valid for longer than this waits.
    assert [await client.closed() for client in clients] == [4401, 4401]
