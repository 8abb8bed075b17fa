"""Limits of this process: of sockets, of how often they come, and of what they ask for."""
