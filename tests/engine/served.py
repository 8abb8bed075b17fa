"""The test application as a module, for servers that are given its name: see test_servers.py. Its
sessions are at `BROKER_URL`, if the environment has one.
"""

import os

from duplex import Model, Registry, state

from tests.engine.states import Gates, Session, states
from tests.engine.support import application, make_engine, setup


class Worker(Model):
    pid: int


@state("worker", to="sender")
async def worker(session: Session) -> Worker:
    """The process that this participant is connected to."""
    return Worker(pid=os.getpid())


declared = states(Gates())
broker_url = os.environ.get("BROKER_URL", "memory://")
engine = make_engine(
    Registry([*declared.values(), *declared.events.values(), worker]),
    setup(broker_url, replay_seconds=2.0),
)

app = application(engine)
