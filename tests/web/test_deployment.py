"""What docs/deployment.md and compose.yml start is in production, with the team's settings.

A developer's `.env` may be on that machine: it was made of `.env.example`, by a release or by hand.
"""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from app.settings import Settings
from duplex import server
from duplex_dev.machine.setup import write_env

from tools.source import ROOT

TEMPLATE = ROOT / "template"
SECRET = "b3c94f1e07d28a65c1709be4f3528d6a9e0b47f2c81d5a36704fe92b8c6d1a53"
OF_A_DEVELOPER = f"""\
ENVIRONMENT=development
SECRET_KEY={SECRET}
HOST=127.0.0.1
PORT=9000
BROKER_URL=memory://
SIGN_UP=invited
SESSION_DRAIN=7
DOMAIN=app.example.org
POSTGRES_PASSWORD=letters
"""


INNERMOST = r"\$\{([^{}]*)\}"


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.env` beside the server, which has no other variables than those of the test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    file = tmp_path / ".env"
    file.write_text(OF_A_DEVELOPER, encoding="utf-8")
    monkeypatch.setenv("ENV_FILE", str(file))
    return file


def variables(file: Path) -> dict[str, str]:
    """The lines of an environment file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


def environment_of_unit(env_file: Path) -> dict[str, str]:
    """The variables that systemd gives to the unit of the document: those of a file override those
    of the unit (systemd.exec(5)).
    """
    text = (TEMPLATE / "docs/deployment.md").read_text(encoding="utf-8")
    unit = text.partition("```ini\n")[2].partition("```")[0]
    assigned = re.findall(r"^Environment=(.*)$", unit, flags=re.MULTILINE)
    found = dict(word.split("=", 1) for line in assigned for word in shlex.split(line))
    return found | (variables(env_file) if "EnvironmentFile=" in unit else {})


def environment_in_compose(env_file: Path) -> dict[str, str]:
    """The variables of the app's container: `environment` overrides `env_file`, and `.env` fills
    `${…}`.
    """
    compose = yaml.safe_load((TEMPLATE / "compose.yml").read_text(encoding="utf-8"))
    app: dict[str, Any] = compose["services"]["app"]
    files = [file["path"] for file in app.get("env_file", [])]
    given = variables(env_file) if ".env" in files else {}

    def filled(match: re.Match[str]) -> str:
        name, _, default = match[1].partition(":-")
        return variables(env_file).get(name.partition(":?")[0], default)

    def full(text: str) -> str:
        # Twice, because a default may be another variable.
        return re.sub(INNERMOST, filled, re.sub(INNERMOST, filled, text))

    return given | {name: full(str(text)) for name, text in app["environment"].items()}


def test_the_unit_of_systemd_runs_in_production(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in environment_of_unit(env_file).items():
        monkeypatch.setenv(name, text)
    settings = Settings.load()
    assert settings.production
    assert settings.sign_up == "invited"


def test_compose_passes_every_setting_and_runs_in_production(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENV_FILE", "/dev/null")  # `.env` is not part of the image
    given = environment_in_compose(env_file)
    assert given["SECRET_KEY"] == SECRET
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    settings = Settings.load()
    assert settings.production
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert settings.broker_url.startswith("redis://")
    assert settings.public_url == "https://app.example.org"
    assert settings.allowed_hosts == ("app.example.org",)
    assert (settings.sign_up, settings.session_drain) == ("invited", 7)
    assert settings.forwarded_allow_ips == ("172.30.219.0/24",)


def test_a_new_env_file_decides_nothing_but_the_secret(tmp_path: Path) -> None:
    """A container that gets it with `docker run --env-file` is in production, as the image says."""
    write_env(TEMPLATE / ".env.example", tmp_path / ".env")
    assert list(variables(tmp_path / ".env")) == ["SECRET_KEY"]


def test_the_proxies_may_be_named_in_the_env_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("FORWARDED_ALLOW_IPS=10.0.0.7, 172.30.219.0/24\n", encoding="utf-8")
    given: dict[str, Any] = {}

    def config(_: str, **options: Any) -> None:
        given.update(options)
        raise InterruptedError

    monkeypatch.setattr(server, "ServerConfig", config)
    with pytest.raises(InterruptedError):
        server.run("app.main:create_app", Settings.load())
    assert given["forwarded_allow_ips"] == ["10.0.0.7", "172.30.219.0/24"]
