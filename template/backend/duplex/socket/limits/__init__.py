"""Limits of this process: on sockets, on connecting, and on requests."""
