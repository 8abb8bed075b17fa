"""Middleware that refuses requests before they reach a route."""
