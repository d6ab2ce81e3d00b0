"""Which packets of a line did not come: what is worth asking for again, and what the report says."""

from aiortc.rtp import RtcpReceiverInfo

KEPT = 512  # packets that can be sent again
ASK_FOR = 0.8  # seconds after which a lost packet is given up
STRANGE = 50  # packets in a row from long ago, after which it is the count that changed


class Losses:
    """Which packets of one source did not come, as RFC 3550 counts them."""

    def __init__(self) -> None:
        self.missing: dict[int, float] = {}
        self.reported: tuple[int, float] | None = None
        self.fraction = self._strange = 0
        self._first: int | None = None
        self._highest = self._cycles = self._came = self._expected_before = self._came_before = 0

    def came(self, number: int, now: float) -> bool:
        """False for a packet that was here before."""
        if self._first is None:
            self._first = self._highest = number
            self._came = 1
            return True
        ahead = (number - self._highest) & 0xFFFF
        if ahead == 0:
            return False
        if ahead >= 0x8000:
            if self.missing.pop(number, None) is None:
                self._strange += 1
                return self._strange >= STRANGE and self._anew(number)
        else:
            self._gap(ahead, now)
            if number < self._highest:
                self._cycles += 0x10000
            self._highest = number
        self._came, self._strange = self._came + 1, 0
        return True

    def _anew(self, number: int) -> bool:
        """The source counts from somewhere else now."""
        self.__init__()  # type: ignore[misc]
        return self.came(number, 0.0)

    def _gap(self, ahead: int, now: float) -> None:
        if 1 < ahead <= KEPT:
            for step in range(1, ahead):
                self.missing[(self._highest + step) & 0xFFFF] = now

    def worth_asking(self, now: float) -> list[int]:
        self.missing = {number: since for number, since in self.missing.items() if now - since < ASK_FOR}
        return sorted(self.missing)[:128]

    def report(self, source: int, now: float) -> RtcpReceiverInfo:
        expected = self._cycles + self._highest - (self._first or 0) + 1
        new, came = expected - self._expected_before, self._came - self._came_before
        self._expected_before, self._came_before = expected, self._came
        self.fraction = min(255, max(0, (new - came) * 256 // new)) if new > 0 else 0
        report, at = self.reported or (0, now)
        return RtcpReceiverInfo(
            ssrc=source,
            fraction_lost=self.fraction,
            packets_lost=min(0x7FFFFF, max(0, expected - self._came)),
            highest_sequence=(self._cycles + self._highest) & 0xFFFFFFFF,
            jitter=0,
            lsr=report,
            dlsr=min(0xFFFFFFFF, int((now - at) * 65536)),
        )
