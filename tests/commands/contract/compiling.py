"""The contract of any states in a test: contract.ts, and TypeScript's own check of code."""

import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import cast

from duplex import Registry
from duplex.contract.describe import describe
from duplex.requests.states import AnyEvent, AnyState, Event, State
from duplex_dev.contract import files
from duplex_dev.contract.typescript import blocks_of
from duplex_dev.machine import node
from duplex_dev.project import CONTRACT_TS
from pydantic import BaseModel

STRICT = (
    "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noUnusedLocals",
    "--noUnusedParameters", "--verbatimModuleSyntax", "--skipLibCheck", "--noEmit",
    "--ignoreConfig", "--target", "es2023", "--module", "esnext", "--moduleResolution", "bundler",
)  # fmt: skip
"""As in the project's tsconfig.node.json."""


def registry_of(*modules: ModuleType) -> Registry:
    """The states and events of modules."""
    found = [one for module in modules for one in vars(module).values()]
    return Registry(
        cast("AnyState | AnyEvent", one) for one in found if isinstance(one, State | Event)
    )


def generate(registry: Registry, document: type[BaseModel]) -> str:
    """The text of contract.ts."""
    described = {
        "contract": blocks_of(describe(registry, document)),
        "openapi": {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}},
    }
    return files.compile_once(json.dumps(described))[CONTRACT_TS]


def errors_of(folder: Path, *files: str) -> str:
    """TypeScript's errors in these files and in the files that they import."""
    command = node.tool("typescript/bin/tsc", *STRICT, *files)
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout or done.returncode == 0, done.stderr
    return done.stdout
