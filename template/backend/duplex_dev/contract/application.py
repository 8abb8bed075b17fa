"""The contract of the project's application as JSON: what the TypeScript compiler reads.

This module imports the application, so a long-lived process calls it in a child.
"""

import json
import traceback
from pathlib import Path
from typing import Any

from duplex import Project
from duplex.contract.asyncapi.document import text_of
from duplex_dev import project
from duplex_dev.console import TaskError
from duplex_dev.contract.typescript import blocks_of
from duplex_dev.paths import BACKEND, STATES, shown

PHRASES = {
    "413": "Content Too Large",
    "414": "URI Too Long",
    "416": "Range Not Satisfiable",
    "422": "Unprocessable Content",
}
"""Python renamed these statuses in 3.13; FastAPI copies the names into the OpenAPI document."""

OLD_PHRASES = {
    "413": "Request Entity Too Large",
    "414": "Request-URI Too Long",
    "416": "Requested Range Not Satisfiable",
    "422": "Unprocessable Entity",
}


def described() -> str:
    """The contract, the AsyncAPI document and the OpenAPI document.

    Raises TaskError with the file and line when the application cannot be imported.
    """
    try:
        application = project.application()
        settings = project.settings_type().given()
        return json.dumps(
            {
                "contract": blocks_of(application.contract()),
                "asyncapi": text_of(application.asyncapi(Project.read(settings.root))),
                "openapi": with_stable_phrases(application.create(settings).openapi()),
            }
        )
    except Exception as error:
        raise TaskError(describe_error(error)) from error


def with_stable_phrases(openapi: dict[str, Any]) -> dict[str, Any]:
    """The document with the same status phrases on every version of Python. Changes it in place."""
    paths: dict[str, dict[str, dict[str, Any]]] = openapi.get("paths", {})
    for operations in paths.values():
        for operation in operations.values():
            responses: dict[str, dict[str, Any]] = operation.get("responses", {})
            for status, response in responses.items():
                if status in PHRASES and response.get("description") == OLD_PHRASES[status]:
                    response["description"] = PHRASES[status]
    return openapi


def describe_error(error: Exception) -> str:
    """The error with the file and line of the project that caused it."""
    if isinstance(error, SyntaxError) and error.filename:
        # The traceback ends at the import statement, not at the mistake.
        return f"{shown(Path(error.filename))}:{error.lineno}: {type(error).__name__}: {error.msg}"
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(BACKEND)
    ]
    if type(error).__name__ == "BadState":
        # Its message names the model; the engine's own lines do not help.
        own = [frame for frame in own if Path(frame.filename).is_relative_to(STATES)]
    place = f"{shown(Path(own[-1].filename))}:{own[-1].lineno}: " if own else ""
    return f"{place}{type(error).__name__}: {error}"
