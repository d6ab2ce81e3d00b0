"""Notices come from chat, so its rooms and people are here too."""

from tests.chat.conftest import general, lucia, priya, secret, talk  # noqa: F401  fixtures
