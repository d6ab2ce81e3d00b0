"""Whether what a caller hears is a certain sound: the loudness of both, packet by packet, laid over each other."""

import math
import random
import struct
import wave
from array import array
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import av

from server.settings import Settings
from tests.calls.test_whole import until
from tests.realtime.calls.desk import Member

BEAT = 960  # samples of a packet
LENGTH = 100  # packets of a sound that are looked for: two seconds
ALIKE = 0.9


def louds(frames: Iterable[av.AudioFrame]) -> list[float]:
    """Of every 20 ms."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48000)
    samples = array("h")
    for frame in frames:
        for part in resampler.resample(frame):
            samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
    beats = range(0, len(samples) - BEAT + 1, BEAT)
    return [math.sqrt(sum(one * one for one in samples[at : at + BEAT : 4]) / (BEAT / 4)) for at in beats]


def of_file(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        return louds(file.decode(audio=0))[:LENGTH]


def of_packets(payloads: Sequence[bytes]) -> list[float]:
    decoder = av.CodecContext.create("opus", "r")
    decoder.sample_rate, decoder.layout = 48000, "stereo"
    return louds(frame for payload in payloads for frame in decoder.decode(av.Packet(payload)))


def likeness(heard: list[float], sound: list[float]) -> float:
    """1 = the sound is in it, whole."""
    best = -1.0
    for start in range(len(heard) - len(sound) + 1):
        best = max(best, _same(heard[start : start + len(sound)], sound))
    return best


def _same(one: list[float], other: list[float]) -> float:
    first, second = sum(one) / len(one), sum(other) / len(other)
    over = sum((a - first) * (b - second) for a, b in zip(one, other, strict=True))
    spread = math.sqrt(sum((a - first) ** 2 for a in one) * sum((b - second) ** 2 for b in other))
    return over / spread if spread else 0.0


async def hears(member: Member, path: Path) -> None:
    """The server plays this file to them."""

    async def there() -> bool:
        return path.exists()

    await until(there, bool)
    sound = of_file(path)

    async def alike() -> float:
        heard = member.caller.voice().payloads[-2 * LENGTH :] if member.caller.heard else []
        return likeness(of_packets(heard), sound)

    await until(alike, lambda found: found >= ALIKE)


def sentence(settings: Settings, text: str, language: str = "en") -> Path:
    """Where its sound is, once espeak-ng has spoken it."""
    return settings.data_dir / "speech" / (sha256(f"{language}\n\n{text}".encode()).hexdigest() + ".wav")


def bursts(path: Path, seed: int = 3) -> Path:
    """A sound like no sentence."""
    draw = random.Random(seed)
    samples: list[int] = []
    while len(samples) < 2.4 * 16000:
        loud = draw.choice((0, 3000, 9000, 15000))
        samples += [int(loud * math.sin(at * 0.35)) for at in range(draw.randrange(800, 3200))]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path
