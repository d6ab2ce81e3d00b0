"""Speaks the announcer's sentences into server/announcer/prompts/ (needs espeak-ng); run after changing words.py.

  PYTHONPATH=. .venv/bin/python build/prompts.py
The files are small Opus in Ogg, one a sentence and language; the tone and the music on hold are computed here.
"""

import math
import subprocess
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path

import av

from server.announcer.words import shipped
from server.kit.text import LANGUAGES, speaking

FOLDER = Path("server/announcer/prompts")
VOICES = {"en": "en-gb", "es": "es"}
RATE, BITS = 48_000, 8_000
NOTES = (392.0, 493.9, 587.3, 493.9, 440.0, 523.3, 659.3, 523.3)  # of the music, 0.75 s each


def main() -> None:
    for language in LANGUAGES:
        folder = FOLDER / language
        folder.mkdir(parents=True, exist_ok=True)
        with speaking(language):
            texts = shipped()
        for old in folder.glob("*.opus"):
            old.unlink()
        for name, text in texts.items():
            speak(text, language, folder / f"{name}.opus")
    write(sampled([(880.0, 0.5)], 0.35), FOLDER / "tone.opus")
    write(sampled([(note, 0.75) for note in NOTES], 0.08), FOLDER / "music.opus")
    files = list(FOLDER.rglob("*.opus"))
    print(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1000:.0f} kB")


def speak(text: str, language: str, target: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".wav") as wave:
        command = ["espeak-ng", "-v", VOICES[language], "-s", "150", "-w", wave.name, "--stdin"]
        subprocess.run(command, input=text.encode(), check=True)
        with av.open(wave.name) as source:
            write(source.decode(audio=0), target)


def sampled(notes: list[tuple[float, float]], loud: float) -> Iterator[av.AudioFrame]:
    """Soft notes, one after the other."""
    samples = array("h")
    for pitch, seconds in notes:
        count = int(RATE * seconds)
        for at in range(count):
            swell = min(1.0, at / 2400, (count - at) / (count * 0.7))
            samples.append(int(32767 * loud * swell * math.sin(2 * math.pi * pitch * at / RATE)))
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate, frame.pts = RATE, 0
    yield frame


def write(frames: Iterator[av.AudioFrame], target: Path) -> None:
    with av.open(str(target), "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = BITS
        stream.options = {"application": "voip", "frame_duration": "60", "vbr": "on"}
        resampler = av.AudioResampler("s16", "mono", RATE)
        for frame in frames:
            for piece in resampler.resample(frame):
                file.mux(stream.encode(piece))
        file.mux(stream.encode(None))


if __name__ == "__main__":
    main()
