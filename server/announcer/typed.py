"""A customer number and a PIN while they are typed; forgotten as soon as they are checked."""

KEYS = 12  # of a number or a PIN
ANEW, DONE = "*", "#"


class Typed:
    def __init__(self) -> None:
        self.number = self._keys = ""

    def press(self, digit: str) -> str:
        """What was typed once it is whole, else ""."""
        if digit == DONE:
            whole, self._keys = self._keys, ""
            return whole
        if digit == ANEW:
            self._keys = ""
        elif digit.isdigit():
            self._keys = (self._keys + digit)[:KEYS]
        return ""
