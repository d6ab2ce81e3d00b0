"""`python -m server`: the commands of cli.py."""

from server.cli import app

app()
