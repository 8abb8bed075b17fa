"""The error format of the REST API, and the error of a failed start. Messages of other exceptions
are never exposed.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

logger = logging.getLogger(__name__)


class Fault(BaseModel):
    """One field of a request that is not as expected."""

    field: str
    """Where it is, such as `body.email`."""
    problem: str


class Problem(BaseModel):
    """The body of every error answer, like the error frame of the session."""

    error: str
    """A sentence for people."""
    code: str
    """A word for programs."""
    details: list[Fault] = []


class ApiError(HTTPException):
    """Raised anywhere below a route: becomes an answer with this status, code and sentence."""

    def __init__(
        self, status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, sentence, headers)
        self.code = code


class CannotStart(Exception):
    """Raised while the application starts; the sentence tells the operator what is missing."""


def not_found(what: str) -> ApiError:
    """A 404 that names the missing thing."""
    return ApiError(404, "not_found", f"There is no such {what}.")


def install(app: FastAPI, headers: Mapping[str, str]) -> None:
    """Give every error of the app the shape of `Problem`. `headers`: of the answer to a bug, which
    passes by the app's own middleware.
    """
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)

    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        # Starlette raises the exception again after this answer: the server logs it.
        return _answer(
            500, "internal", "Something went wrong here. It was logged.", headers=headers
        )

    app.add_exception_handler(Exception, on_bug)


def _answer(
    status: int,
    code: str,
    sentence: str,
    details: list[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(error=sentence, code=code, details=details or [])
    return JSONResponse(problem.model_dump(), status, headers)


async def _on_api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return _answer(error.status_code, error.code, error.detail, headers=error.headers)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    sentence = f"{status.phrase}: {request.method} {request.url.path}"
    return _answer(status, status.name.lower(), sentence, headers=error.headers)


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [
        Fault(
            field=".".join(str(part) for part in detail["loc"]),
            # Pydantic's prefix of a validator's message.
            problem=str(detail["msg"]).removeprefix("Value error, "),
        )
        for detail in error.errors()
    ]
    first = faults[0]
    # The page shows this sentence; `details` has the path of the field for programs.
    name = first.field.rpartition(".")[2].replace("_", " ").capitalize()
    return _answer(422, "invalid_data", f"{name}: {first.problem}.", faults)
