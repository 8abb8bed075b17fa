"""Valid requests of an application's states, made from its contract."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from pydantic import ValidationError

from duplex import Application
from duplex.contract.samples import NoSample, sample
from duplex.requests.registry import AnyState


@dataclass(frozen=True, slots=True)
class Requests:
    """What participants send. `samples`: state -> the data of valid requests."""

    samples: Mapping[str, list[Any]]
    streams: frozenset[str]
    """States whose reply comes in parts."""
    dropped: frozenset[str]
    """States whose messages need not all be received: not all are kept for those who resume, or
    they are the pieces of streams that go to their sender alone.
    """
    left_out: Mapping[str, str]
    """States that are not sent, with the reason."""

    @classmethod
    def of(cls, application: Application) -> "Requests":
        """The requests of all states but those that end the session."""
        registry = application.registry()
        # Detailed, for the examples: they are what a model with a pattern or a validator takes.
        contract = application.contract(detailed=True)
        samples: dict[str, list[Any]] = {}
        left_out: dict[str, str] = {}
        for name, state in registry.items():
            if state.closes:
                left_out[name] = "it ends the session"
                continue
            schema = contract.states[name].request
            found = list(_valid(state, schema, contract.definitions))
            if found:
                samples[name] = found
            else:
                left_out[name] = "no valid request can be made from its model: give it examples"
        return cls(
            samples,
            frozenset(name for name, state in registry.items() if state.streams),
            frozenset(name for name, state in registry.items() if _is_dropped(state)),
            left_out,
        )

    def choose(self, chance: Random) -> tuple[str, Any]:
        """A state and the data of a request."""
        name = chance.choice(sorted(self.samples))
        return name, chance.choice(self.samples[name])


def _is_dropped(state: AnyState) -> bool:
    return state.retain != "all" or (state.streams and state.to == "sender")


def _valid(
    state: AnyState, schema: dict[str, Any], definitions: Mapping[str, Any]
) -> Iterator[Any]:
    if state.request is None:
        yield None
        return
    for whole in (True, False):
        try:
            data = sample(schema, definitions, whole=whole)
            state.request.model_validate(data)
        except (NoSample, ValidationError):
            continue
        yield data
