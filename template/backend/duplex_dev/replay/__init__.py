"""`poe replay`: recordings, the scripts made of them, and how frames are compared."""
