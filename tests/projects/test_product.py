"""docs/product.md: a product is built by the document alone, and its tests pass."""

import subprocess

import pytest

from tests.projects.tutorial import blocks, write
from tests.workshop import Workshop

YOURS = (
    "backend/app/",
    "backend/migrations/",
    "backend/tests/",
    "frontend/src/",
    "frontend/tests/",
)
YOURS += ("frontend/e2e/",)
ENGINE = "frontend/src/duplex/"

STATES = ["addCard", "moveCard", "voteCard", "removeCard", "summarise", "cluster"]


@pytest.mark.parametrize("frontend", ["vue", "react"])
def test_the_product_of_the_document_works(workshop: Workshop, frontend: str) -> None:
    """Every block is applied and every command is run, and only files of the team change."""
    answers = {
        "project_name": "Retro",
        "frontend": frontend,
        "auth": ["password"],
        "example": "none",
        "states": STATES,
    }
    project = workshop.made(f"product-{frontend}", answers)
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "Scaffold")
    for block in blocks(project.root / "docs" / "product.md"):
        if block.path is None:
            project.run(*block.command)
        else:
            write(block, project.root)
    project.poe("lint")
    status = ["git", "status", "--porcelain", "--untracked-files=all"]
    done = subprocess.run(status, cwd=project.root, capture_output=True, text=True, check=True)
    changed = {line[3:] for line in done.stdout.splitlines()} - {"docs/asyncapi.json"}
    assert changed
    assert {
        path for path in changed if not path.startswith(YOURS) or path.startswith(ENGINE)
    } == set()
