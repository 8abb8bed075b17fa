"""The code of the `poe` commands; it does not run in production."""
