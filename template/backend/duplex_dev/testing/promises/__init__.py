"""The engine's promises, on the project's own application: `uv run poe promises` runs them.

The participants send valid requests of the application's own states, made from its contract, in
sessions that `admit` of tests/conftest.py let them into.
"""
