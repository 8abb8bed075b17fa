"""Your REST routes."""
