"""The browser that sends a request: where it comes from, its cookies and its name."""
