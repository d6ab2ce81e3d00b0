"""The floor of P16: bench/floor.c, made where there is a compiler."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.audience import audience
from tests.needs import free_port, scratch


@dataclass(frozen=True)
class Load:
    """`messages` to each of `listeners`, `rate` a second; 0: without a pause."""

    listeners: int
    messages: int
    rate: int

    def each(self, seconds: float) -> float:
        """Microseconds a delivered message."""
        return seconds * 1e6 / self.messages / self.listeners


@contextmanager
def compiled() -> Iterator[Path | None]:
    """The program, or None where no C compiler is."""
    compiler = shutil.which("cc")
    if compiler is None:
        yield None
        return
    with scratch("floor") as folder:
        program = folder / "floor"
        subprocess.run([compiler, "-O2", "-o", program, Path(__file__).with_suffix(".c")], check=True)
        yield program


async def kernel(program: Path, load: Load, frame: bytes) -> float:
    port = free_port()
    words = [str(number) for number in (port, load.listeners, load.messages, load.rate)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(program, *words, stdin=pipe, stdout=pipe)
    async with audience(port, load.listeners, b""):
        said, _ = await process.communicate(frame)
    return float(said)
