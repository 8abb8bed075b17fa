"""Chaos: participants that record everything, storms on their network, and a checker of the record.

The engine's own tests and `poe promises` use it.
"""

from duplex_dev.testing.chaos.checker import Checker
from duplex_dev.testing.chaos.participant import ChaosParticipant, settle
from duplex_dev.testing.chaos.record import Record
from duplex_dev.testing.network import storm

__all__ = ["ChaosParticipant", "Checker", "Record", "settle", "storm"]
