"""Output of the commands: progress lines, and errors in one sentence without a traceback."""

import sys


class TaskError(Exception):
    """Ends the command with exit code 1; its text is printed for the user."""


def say(line: str) -> None:
    """Print one progress line at once, in order with the output of child processes."""
    print(f"• {line}", flush=True)


def complain(text: str) -> None:
    """Print why the command fails, after all its earlier output."""
    sys.stdout.flush()
    print(f"✗ {text}", file=sys.stderr, flush=True)


def no_arguments(command: str, arguments: list[str]) -> None:
    """Refuse arguments that the command would ignore."""
    if arguments:
        raise TaskError(f"`poe {command}` takes no arguments, but got: {' '.join(arguments)}")


def speak_utf8() -> None:
    """Replace characters that the terminal's encoding does not have, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
