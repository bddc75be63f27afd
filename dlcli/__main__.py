"""The program, `dlcli` or `python -m dlcli`: light, so that Ctrl-C says its line while the commands are still being imported."""

from __future__ import annotations


def start() -> None:
    """Imports the commands and runs one of them."""
    try:
        from dlcli.cli import program

        program()
    except KeyboardInterrupt:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # pressed again it would end what says that it was heard
        from dlcli.cli import say_stopped

        say_stopped()


if __name__ == "__main__":
    start()
