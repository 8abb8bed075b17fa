"""One module per command of `poe`."""
