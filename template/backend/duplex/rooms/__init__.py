"""Rooms and participants of this process, and the engine that holds them."""
