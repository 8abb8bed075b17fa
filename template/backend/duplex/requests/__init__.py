"""States and their handlers: the registry, and how one request is run."""
