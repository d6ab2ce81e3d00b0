"""Who speaks: the loudest for long enough, so that a cough does not turn everybody's screen; pure."""

from collections.abc import Mapping

QUIETEST = 70  # of 127: louder than this counts as speech
RISE, FALL = 0.5, 0.25  # how quickly somebody counts as louder, and as quieter
AHEAD = 12  # how much louder than the speaker one must be to take over
PATIENCE = 2.0  # seconds a silent speaker is still shown


class Speaker:
    def __init__(self) -> None:
        self.who: int | None = None
        self._loud: dict[int, float] = {}
        self._spoke = 0.0

    def look(self, levels: Mapping[int, float], now: float) -> int | None:
        """`levels`: the mean loudness (0 to 127) of everybody since the last look, who is not there is left out."""
        for gone in self._loud.keys() - levels.keys():
            del self._loud[gone]
        for who, level in levels.items():
            former = self._loud.get(who, 0.0)
            self._loud[who] = former + (level - former) * (RISE if level > former else FALL)
        if self.who not in self._loud:
            self.who = None
        loudest = max(self._loud, key=lambda who: self._loud[who], default=None)
        if loudest is not None and self._loud[loudest] >= QUIETEST and self._yields(self._loud[loudest]):
            self.who = loudest
        if self.who is not None and not self._quiet(self.who):
            self._spoke = now
        elif now - self._spoke >= PATIENCE:
            self.who = None
        return self.who

    def _yields(self, to: float) -> bool:
        return self.who is None or to >= self._loud[self.who] + AHEAD or self._quiet(self.who)

    def _quiet(self, who: int) -> bool:
        return self._loud[who] < QUIETEST
