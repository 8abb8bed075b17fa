"""The code behind the `poe` commands; nothing of it runs in production."""
