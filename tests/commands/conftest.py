"""What the tests of the poe commands share."""

import pytest
from duplex_dev.machine import setup


@pytest.fixture(scope="session")
def packages() -> None:
    """The frontend's packages, installed when somebody runs pytest before any poe command."""
    with setup.lock():
        setup.install_packages()
