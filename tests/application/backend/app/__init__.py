"""The application that the engine's own tests run; it has the shape of a rendered one."""
