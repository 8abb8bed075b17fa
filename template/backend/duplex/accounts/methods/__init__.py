"""The ways of signing in. Each is a module or package of its own, and imports no other one."""
