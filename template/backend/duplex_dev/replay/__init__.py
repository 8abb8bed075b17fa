"""Exported conversations as tests."""
