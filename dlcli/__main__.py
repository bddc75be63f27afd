"""`python -m dlcli` is the same as `dlcli`."""

from dlcli.cli import program

if __name__ == "__main__":
    program()
