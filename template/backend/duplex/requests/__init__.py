"""Requests of participants: states and their handlers, validation, execution and deadlines."""
