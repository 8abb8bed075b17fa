from pathlib import Path
from random import Random
from string import ascii_letters, digits
from uuid import UUID

import pytest
from app.settings import Settings
from duplex import Rate
from duplex.options import Options
from duplex.settings import SECRET_LENGTH
from duplex.settings.values import is_made_up
from pydantic import ValidationError

GOOD = "b3c94f1e07d28a65c1709be4f3528d6a9e0b47f2c81d5a36704fe92b8c6d1a53"
OTHER = "5d0a8e36b9f17c24e8d35061fa7b92c4037ed8a1659c4fb20e7a83d619f5c2b4"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable of the machine and no `.env` of the project; gives the file that is read."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    file = tmp_path / "settings.env"
    monkeypatch.setenv("ENV_FILE", str(file))
    return file


def complaints(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines printed about settings with which the server does not start."""
    with pytest.raises(SystemExit) as stopped:
        Settings.load()
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()


def test_all_settings_have_defaults_in_development() -> None:
    found = Settings.load()
    assert (found.environment, found.host, found.port) == ("development", "127.0.0.1", 8000)
    assert found.session_rate == Rate(50, 1)
    assert found.database_url == f"sqlite+aiosqlite:///{Settings.root}/data/app.db"


def test_the_options_of_the_engine_are_the_settings() -> None:
    assert Settings.given().options() == Options()
    changed = Settings.given(
        session_rate="7/s", session_idle=0, session_drain=1, allowed_hosts="example.org"
    ).options()
    assert changed == Options(
        rate=Rate(7, 1.0), idle=0.0, drain=1.0, allowed_hosts=("example.org",)
    )


def test_the_environment_takes_precedence_over_the_file(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_set.write_text("PORT=1234\nHOST=0.0.0.0\nSESSION_MAX_FRAME=\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "4321")
    found = Settings.load()
    assert (found.port, found.host, found.session_max_frame) == (4321, "0.0.0.0", 65536)


def test_values_with_units_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION_RATE", "600/m")
    monkeypatch.setenv("SESSION_OUTBOX_BYTES", "2 MiB")
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://Example.org/, http://localhost:5173")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db/name")
    found = Settings.load()
    assert found.session_rate == Rate(600, 60)
    assert found.session_outbox_bytes == 2 * 2**20
    assert found.allowed_origins == ("https://example.org", "http://localhost:5173")
    assert found.database_url == "postgresql+psycopg://u:p@db/name"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ENVIRONMENT", "staging", "development or production"),
        ("PORT", "http", "a port from 0"),
        ("PORT", "70000", "a port from 0"),
        ("FORWARDED_ALLOW_IPS", "proxy", "addresses and networks of proxies"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.7,*", "addresses and networks of proxies"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.7/24", "addresses and networks of proxies"),
        ("WORKERS", "2", "cannot join several processes"),
        ("DATABASE_URL", "mysql://host/name", "postgresql+psycopg://"),
        ("BROKER_URL", "amqp://host", "redis://host"),
        ("BROKER_URL", "redis://host:port/0", "redis://host"),
        ("BROKER_URL", "redis://host:6379/sessions", "redis://host"),
        ("ALLOWED_ORIGINS", "*", "origins such as"),
        ("ALLOWED_ORIGINS", "https://example.org/page", "origins such as"),
        ("SMTP_URL", "mail.example.org", "smtp://"),
        ("FIRST_ADMIN_EMAIL", "admin", "an e-mail address"),
        ("SESSION_RATE", "fast", "a rate such as 50/s"),
        ("SESSION_MAX_FRAME", "12", "a size from 1KiB"),
        ("SESSION_MAX_FRAME", "64 boxes", "a size such as"),
        ("SESSION_IDLE", "-1", "0 for never"),
        ("SESSION_HEARTBEAT", "nan", "seconds from 0.1"),
        ("SESSION_DRAIN", "soon", "seconds from 0"),
    ],
)
def test_a_bad_value_stops_the_start_in_one_line(
    name: str,
    value: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = complaints(capsys)
    assert line.startswith(f"{name}: {value!r} is not valid; expected ")
    assert expected in line


def test_all_bad_values_are_reported_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("SESSION_RATE", "y")
    assert sorted(line.partition(":")[0] for line in complaints(capsys)) == ["PORT", "SESSION_RATE"]


def test_a_setting_of_the_application_is_read_and_checked_like_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Settings.load().shelf_size == 10
    monkeypatch.setenv("SHELF_SIZE", "0")
    (line,) = complaints(capsys)
    assert line == "SHELF_SIZE: '0' is not valid; expected a number of notebooks from 1"


def test_secrets_are_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SECRET_KEY", "tooshort-hush")
    monkeypatch.setenv("DATABASE_URL", "mysql://user:hush@host/name")
    monkeypatch.setenv("BROKER_URL", "rediss://:hush@host:port")
    monkeypatch.setenv("FIRST_ADMIN_EMAIL", "admin@example.org")
    monkeypatch.setenv("FIRST_ADMIN_PASSWORD", "hush")
    lines = complaints(capsys)
    assert len(lines) == 4
    assert "hush" not in "\n".join(lines)


def test_secrets_are_not_in_printed_settings() -> None:
    found = Settings.given(secret_key=GOOD, database_url="postgresql://user:hush@host/name")
    assert GOOD not in repr(found)
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "short",
        GOOD[:31],
        f"{GOOD},short",
        "change-me-" * 4,
        "an-example-of-a-SECRET-" * 2,
        "ab" * 32,
        # Patterns and phrases.
        "abcdefgh" * 4,
        "abcdefghijklmnopqrstuvwxyz012345",
        "0123456789abcdef" * 2,
        "qwertyuiopasdfghjklzxcvbnm123456",
        "my-super-duper-long-key-for-app-1",
        "this is the key that signs all our tokens",
        "mysuperduperlongkeyformyapplication",
        "deadbeef" * 4,
    ],
)
def test_production_refuses_to_start_without_a_real_secret(
    secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("SECRET_KEY", secret)
    (line,) = complaints(capsys)
    assert line.startswith("SECRET_KEY: ")
    assert "openssl rand -hex 32" in line


def test_secrets_are_a_list_with_the_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("SECRET_KEY", f"{GOOD}, {OTHER}")
    assert Settings.load().secret_keys == (GOOD, OTHER)


def test_random_secrets_are_accepted() -> None:
    chance = Random(7)
    letters = ascii_letters + digits + "-_"
    secrets = [chance.randbytes(16 + 8 * (number % 3)).hex() for number in range(300)]
    secrets += ["".join(chance.choices(letters, k=43)) for _ in range(300)]
    secrets += [str(UUID(bytes=chance.randbytes(16))) for _ in range(300)]
    assert [secret for secret in secrets if is_made_up(secret)] == []


def test_a_single_process_in_development_generates_its_own_secret() -> None:
    first, second = Settings.load().secret_keys, Settings.load().secret_keys
    assert first != second
    assert len(first[0]) >= SECRET_LENGTH


def test_several_processes_need_one_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROKER_URL", "redis://localhost")
    monkeypatch.setenv("WORKERS", "2")
    (line,) = complaints(capsys)
    assert line.startswith("SECRET_KEY: nothing is set")


def test_the_first_admins_password_must_not_be_blank(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIRST_ADMIN_EMAIL", "admin@example.org")
    monkeypatch.setenv("FIRST_ADMIN_PASSWORD", " " * 20)
    (line,) = complaints(capsys)
    assert "not all spaces" in line


def test_the_first_admins_password_needs_an_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIRST_ADMIN_PASSWORD", "a long enough password")
    (line,) = complaints(capsys)
    assert "together with FIRST_ADMIN_EMAIL" in line


def test_a_binary_env_file_is_reported(
    nothing_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing_set.write_bytes(b"PORT=\xff\xfe")
    (line,) = complaints(capsys)
    assert line.startswith(f"{nothing_set} cannot be read: ")


def test_settings_cannot_be_changed_later() -> None:
    name = "port"
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Settings.given(), name, 1)
