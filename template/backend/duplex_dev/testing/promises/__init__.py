"""The engine's promises, tested on the project's application by `uv run poe promises`.

The participants send valid requests of the application's states, generated from its contract, in
sessions to which `admit` of tests/conftest.py admits them.
"""
