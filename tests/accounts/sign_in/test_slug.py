"""The slug, which a team may change: it is in the names of cookies, in tokens and in the store."""

from pathlib import Path

import pytest
from app.settings import Settings
from duplex import Application
from duplex.accounts.sign_in import tokens
from duplex.brokers import from_url
from duplex.brokers.base import Broker, Gathering, Retention
from duplex_dev.testing import new_client

from tests.accounts.people import SLUG, Device


async def test_cookies_tokens_and_keys_follow_the_slug(
    application: Application, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So everybody signs in again after a change, and open sessions start anew."""
    project = (Settings.root / "pyproject.toml").read_text(encoding="utf-8")
    renamed = project.replace(f'name = "{SLUG}"', 'name = "renamed"')
    (tmp_path / "pyproject.toml").write_text(renamed, encoding="utf-8")
    (tmp_path / "backend").symlink_to(Settings.root / "backend")
    monkeypatch.setattr(Settings, "root", tmp_path)
    prefixes: list[str] = []

    def broker_of(url: str, retention: Retention, prefix: str, gathering: Gathering) -> Broker:
        prefixes.append(prefix)
        return from_url(url, retention, prefix, gathering)

    monkeypatch.setattr("duplex.web.application.from_url", broker_of)
    app = application.create(settings)
    async with app.router.lifespan_context(app) as state:
        app.state.lifespan = state
        async with new_client(app) as client:
            response = await Device(client, "ada@example.org").ask_for_account()
            (cookie,) = response.headers.get_list("set-cookie")
    assert cookie.startswith("renamed-kept-sign-up=")
    assert prefixes == ["duplex:renamed"]


def test_a_token_of_another_slug_is_refused(settings: Settings) -> None:
    keys = settings.secret_keys
    token = tokens.sign(keys, SLUG, "some user", "some sign-in")
    assert tokens.read(keys, SLUG, token).user_id == "some user"
    with pytest.raises(tokens.BadTokenError):
        tokens.read(keys, "renamed", token)
