"""Node, Python, browsers, ports and processes of this machine."""
