"""Edits of a team in its first months; `poe release-check` updates a project with them."""

import re
from pathlib import Path

Edited = dict[str, str]
"""Files and a text that must still be in them after an update."""

DOCUMENT = '''"""The document of our own, without the example's types."""

import duplex
from duplex import Model


class Document(Model):
    """What everybody in a session sees."""

    cards: list[str] = []


Session = duplex.Session[Document]
'''
MODEL = '''"""Our table."""

from sqlalchemy.orm import Mapped, mapped_column

from duplex import Base


class OurBoard(Base):
    """A board."""

    __tablename__ = "our_boards"

    id: Mapped[int] = mapped_column(primary_key=True)
'''
ROUTE = '''"""Our route."""

from fastapi import APIRouter

router = APIRouter(prefix="/our-boards", tags=["boards"])


@router.get("")
async def boards() -> list[str]:
    """Every board."""
    return []
'''
MIGRATION = '''"""Our boards."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("our_boards", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("our_boards")
'''


def edit_everything(project: Path) -> Edited:
    """Edit files of every zone but the engine; returns what must survive."""
    edited: Edited = {}
    for edit in (_own_files, _handlers, _lines_between, _at_the_end):
        edited |= edit(project)
    return edited


def replace_document(project: Path) -> Edited:
    """A document of the team's own. Its states no longer fit, so nothing is run afterwards."""
    (project / "backend/app/document.py").write_text(DOCUMENT, encoding="utf-8")
    return {"backend/app/document.py": "cards: list[str]"}


def _own_files(project: Path) -> Edited:
    versions = project / "backend/migrations/versions"
    last = sorted(path.name for path in versions.glob("*.py"))[-1:] if versions.is_dir() else []
    found = re.search(r'revision.*= "(\w+)"', (versions / last[0]).read_text()) if last else None
    down = f'"{found[1]}"' if found else "None"
    own = {
        "backend/app/models/our_board.py": MODEL,
        "backend/app/routes/our_boards.py": ROUTE,
        "backend/migrations/versions/2030_01_01_ours.py": MIGRATION.format(
            revision="0urs", down=down
        ),
        "frontend/src/pages/ours.ts": "/** Ours. */\nexport const ours = true;\n",
        "docs/ours.md": "# Ours\n",
    }
    for name, text in own.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return {name: text.splitlines()[0] for name, text in own.items()}


def _handlers(project: Path) -> Edited:
    edited: Edited = {}
    for handler in sorted((project / "backend/app/states").glob("*.py")):
        text = handler.read_text(encoding="utf-8")
        if "@state(" in text:
            changed = text.replace('    """', '    """Ours: ', 1)
            handler.write_text(changed, encoding="utf-8")
            edited[handler.relative_to(project).as_posix()] = "Ours: "
    return edited


def _lines_between(project: Path) -> Edited:
    """New lines beside lines of the template: a router, a dependency, a script, a service."""
    places: dict[str, tuple[str, str]] = {
        "backend/app/main.py": (
            "from app.settings import Settings\n",
            "from app.routes import our_boards\n",
        ),
        "pyproject.toml": ('    "aiosqlite', '    "aiofiles~=24.1.0",\n'),
        "frontend/package.json": ('    "build": ', '    "ours": "vite --ours",\n'),
        "compose.yml": ("services:\n", "  ours:\n    image: ours:1\n"),
    }
    edited: Edited = {}
    for name, (anchor, line) in places.items():
        text = (project / name).read_text(encoding="utf-8")
        place = text.index(anchor) + (len(anchor) if anchor.endswith("\n") else 0)
        (project / name).write_text(text[:place] + line + text[place:], encoding="utf-8")
        edited[name] = line.strip()
    main = project / "backend/app/main.py"
    used = main.read_text(encoding="utf-8").replace("routers=[", "routers=[our_boards.router, ", 1)
    main.write_text(used.replace("router, ]", "router]"), encoding="utf-8")
    return edited


def _at_the_end(project: Path) -> Edited:
    """Lines after everything of the template."""
    endings: dict[str, str] = {
        "README.md": "\n## Our section\n\nOur words.\n",
        ".env.example": "\n# OUR_LIMIT=20\n",
        ".gitignore": "\n# Our files\n/ours/\n",
        "frontend/src/styles.css": "\n.ours {\n  color: red;\n}\n",
        "backend/app/settings.py": "\n    our_limit: int = 20\n",
    }
    for name, ending in endings.items():
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(ending)
    return {name: ending.strip().splitlines()[0] for name, ending in endings.items()}
