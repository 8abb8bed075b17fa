"""The routes that every project with accounts has, whatever its methods."""
