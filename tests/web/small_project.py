"""A small project on disk, with the template's own migrations folder: its `app` runs by itself."""

import os
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

from tests.forks import run_python
from tools.source import ROOT

ENGINE = ROOT / "template" / "backend"

MAIN = """
    from pathlib import Path

    import duplex
    from app.settings import Settings
    from duplex import Model
    from duplex.accounts import Account, Accounts

    MAILS = Path(duplex.__file__).parents[1] / "app" / "users" / "mails"


    class User(Account):
        pass


    class Document(Model):
        lines: list[str] = []


    application = duplex.Application(
        document=Document,
        sessions=duplex.Sessions(),
        accounts=Accounts(User, [], mails=MAILS),
    )


    def create_app(settings=None):
        return application.create(settings or Settings.load())
"""

SETTINGS = """
    from pathlib import Path
    from typing import ClassVar

    import duplex


    class Settings(duplex.Settings):
        root: ClassVar[Path] = Path(__file__).resolve().parents[2]
"""

ENTRY = """
    import duplex
    from app.settings import Settings

    if __name__ == "__main__":
        duplex.main("app.main:create_app", Settings.load())
"""

NEW_MIGRATION = """
import asyncio, sys
from pathlib import Path
from app.settings import Settings
from duplex import Database
from duplex.web.migrate import migrate_alone
from duplex.web.migrate import new_migration

asyncio.run(migrate_alone(Database.of(Settings.load()), Path.cwd()))
print(new_migration(Path.cwd(), sys.argv[1]))
"""


START = """
import asyncio
from app.main import create_app

async def start():
    app = create_app()
    async with app.router.lifespan_context(app):
        pass

asyncio.run(start())
"""


class SmallProject:
    """The project in `root`; every command runs in a process of its own."""

    def __init__(self, root: Path, database_url: str | None = None) -> None:
        self.root = root
        self.database = root / "data" / "app.db"
        self.migrations = root / "backend" / "migrations" / "versions"
        self._url = database_url or f"sqlite+aiosqlite:///{self.database}"
        self.write("pyproject.toml", '[project]\nname = "small"\nversion = "0"\ndescription = ""\n')
        self.append("pyproject.toml", '[tool.duplex]\nname = "Small"\n')
        self.write("backend/app/__init__.py", "")
        self.write("backend/app/main.py", MAIN)
        self.write("backend/app/settings.py", SETTINGS)
        self.write("backend/app/__main__.py", ENTRY)
        self.write("backend/app/states/__init__.py", "")
        self.write("backend/app/models/__init__.py", "")
        self.migrations.mkdir(parents=True)
        for name in ("env.py", "script.py.mako"):
            shutil.copy(ENGINE / "migrations" / name, self.migrations.parent)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")

    def append(self, path: str, text: str) -> None:
        file = self.root / path
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Python with these arguments, with `app` and the engine on its path."""
        path = os.pathsep.join([str(self.root / "backend"), str(ENGINE)])
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return run_python(
            list(arguments), self.root, {**kept, "PYTHONPATH": path, "DATABASE_URL": self._url}
        )

    def migrate(self) -> str:
        """`python -m app migrate`; returns what it said."""
        done = self.run("-m", "app", "migrate")
        assert done.returncode == 0, done.stderr
        return done.stderr

    def start(self) -> str:
        """Start and stop the application; returns what it said."""
        done = self.run("-c", START)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def new_migration(self, message: str) -> str | None:
        """Migrate and do what `poe migration` does; None where there is no change."""
        done = self.run("-c", NEW_MIGRATION, message)
        assert done.returncode == 0, done.stderr
        file = done.stdout.splitlines()[-1]
        return None if file == "None" else Path(file).read_text(encoding="utf-8")
