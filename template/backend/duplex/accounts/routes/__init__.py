"""The routes of every project with accounts, independent of its methods."""
