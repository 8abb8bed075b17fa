"""The promises are checked with valid requests of whatever states an application has."""

from app.main import application
from duplex_dev.testing.promises.crowd import Requests

REGISTRY = application.registry()


def test_each_state_gets_valid_requests() -> None:
    requests = Requests.of(application)
    assert requests.samples.keys() == {"addLine", "readAloud"}
    model = REGISTRY["addLine"].request
    assert model is not None
    for data in requests.samples["addLine"]:
        assert model.model_validate(data)
        assert data["shelf"] == "B-7"


def test_streams_are_known_and_a_state_that_ends_the_session_is_left_out() -> None:
    requests = Requests.of(application)
    assert requests.streams == {"readAloud"}
    assert requests.left_out == {"closeNotebook": "it ends the session"}
