"""Makes a sound that somebody gave small and plain: `python -m server.announcer.encoding FROM TO`

A process of its own: whatever is wrong with the file is wrong here, and delays nobody."""

import os
import sys

import av

RATE, BITS = 48_000, 24_000
LONGEST = 180  # seconds
# Containers that hold one sound and name no other file: nobody needs the three hundred others that FFmpeg reads.
FORMATS = ("wav", "mp3", "ogg", "flac", "mov", "matroska")
ONLY = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}


def encode(source: str, target: str) -> float:
    """Opus in Ogg, one channel, without pictures or tags; its seconds."""
    samples = 0
    with av.open(source, options=ONLY) as given, av.open(target, "w", format="ogg") as made:
        stream = made.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = BITS
        resampler = av.AudioResampler("s16", "mono", RATE)
        for frame in given.decode(audio=0):
            for piece in resampler.resample(frame):
                samples += piece.samples
                piece.pts = None
                made.mux(stream.encode(piece))
            if samples > LONGEST * RATE:
                raise ValueError("longer than three minutes")
        made.mux(stream.encode(None))
    if not samples:
        raise ValueError("no sound in it")
    return samples / RATE


def main() -> int:
    os.nice(10)
    try:
        print(encode(sys.argv[1], sys.argv[2]))
    except (OSError, ValueError, IndexError, av.FFmpegError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
