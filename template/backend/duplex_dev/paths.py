"""Where things are in this project."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "backend"
FRONTEND = ROOT / "frontend"
NODE_MODULES = FRONTEND / "node_modules"
DIST = FRONTEND / "dist"

STAMPS = NODE_MODULES / ".stamps"
"""What was installed and built last; goes away together with the packages."""

STATES = BACKEND / "app" / "states"
CONTRACT_TS = FRONTEND / "src" / "api" / "contract.ts"
REST_TS = FRONTEND / "src" / "api" / "rest.ts"
ASYNCAPI_JSON = ROOT / "docs" / "asyncapi.json"
GENERATED = (CONTRACT_TS, REST_TS, ASYNCAPI_JSON)
"""What `poe contract` writes from the backend's types."""


def shown(path: Path) -> str:
    """The path as people write it in the project's root."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
