"""The base of all models on the wire, and the model of the first frame."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from duplex.wire import protocol
from duplex.wire.names import Name


class Model(BaseModel):
    """The base of requests, responses, events and documents: unknown fields are an error, and NaN
    is not a number.
    """

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )


def _no_name(name: object) -> object:
    """None for an empty name, which asks for the default."""
    return None if isinstance(name, str) and not name.strip(" ") else name


class Resume(BaseModel):
    """Proof of a returning client: its secret token and the last number that it received."""

    token: Annotated[str, StringConstraints(max_length=protocol.RESUME_TOKEN_MAX)]
    epoch: Annotated[str, StringConstraints(max_length=protocol.ID_MAX)]
    seq: int


class Hello(BaseModel):
    """The first frame. Every field is optional; unknown fields of newer clients are ignored."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[str, StringConstraints(max_length=protocol.TOKEN_MAX)] | None = None
    session: Annotated[str, StringConstraints(pattern=f"^{protocol.ID_PATTERN}$")] | None = None
    name: Annotated[Name | None, BeforeValidator(_no_name)] = None
    resume: Resume | None = None
    contract: Annotated[str, StringConstraints(max_length=protocol.FINGERPRINT_MAX)] | None = None


def pack(model: BaseModel, declared: type[BaseModel] | None = None) -> bytes:
    """A response or document as JSON, with the fields and aliases of the contract: those of the
    `declared` model, without fields that only a subclass of it has.
    """
    return (declared or type(model)).__pydantic_serializer__.to_json(model, by_alias=True)
