"""Changes that come from the template: rendered in a scratch copy, then brought in."""
