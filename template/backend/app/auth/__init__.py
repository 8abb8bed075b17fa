"""Signing in: one module per method, and what all methods share."""
