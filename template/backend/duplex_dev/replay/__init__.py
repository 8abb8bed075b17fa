"""`poe replay`: recordings, their scripts, and the comparison of frames."""
