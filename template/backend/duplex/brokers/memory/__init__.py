"""The in-process broker, for one worker."""
