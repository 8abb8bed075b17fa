"""The places of files in this project."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"
FRONTEND = ROOT / "frontend"
NODE_MODULES = FRONTEND / "node_modules"
DIST = FRONTEND / "dist"

ENGINE = ("backend/duplex", "backend/duplex_dev", "frontend/src/duplex")
"""The folders that a release of Duplex replaces; nobody else edits them."""

FINGERPRINTS = NODE_MODULES / ".stamps"
"""What was installed, compiled and built last; deleted together with the packages."""

STATES = BACKEND / "app" / "states"
CONTRACT_TS = FRONTEND / "src" / "api" / "generated" / "contract.ts"
REST_TS = FRONTEND / "src" / "api" / "generated" / "rest.ts"
ASYNCAPI_JSON = ROOT / "docs" / "asyncapi.json"
GENERATED = (CONTRACT_TS, REST_TS, ASYNCAPI_JSON)
"""The files that `poe contract` writes."""


def shown(path: Path) -> str:
    """The path relative to the project's root, for messages."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
