"""The engine's promises: `uv run poe promises` tests them on the project's application.

The participants send valid requests of the application's states, generated from its contract, in
sessions to which `admit` of tests/conftest.py admits them. They record everything, and a checker
compares the records. Duplex's own tests use the same participants and the same checker.
"""
