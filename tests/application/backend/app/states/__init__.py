"""One module per state name."""
