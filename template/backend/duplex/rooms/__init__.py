"""Rooms and their members at this process, and the engine that puts everything together."""
