"""Damaged pictures: small whole ones of every format that Pillow writes, and what befalls files."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from functools import cache
from random import Random

import numpy as np
from PIL import Image, features

# modes that formats differ in; the first that a format writes stand for it
MODES = ("RGB", "L", "P", "1", "RGBA", "CMYK", "I;16")
CHUNKS = b"iCCP tEXt zTXt iTXt eXIf tRNS gAMA pHYs PLTE sRGB cHRM acTL fcTL fdAT IDAT IHDR".split()
MARKERS = (0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE, 0xDB, 0xC0, 0xC4, 0xDA, 0xDD)


@cache
def wholes() -> tuple[tuple[str, bytes], ...]:
    """Format and content of small pictures, in each format and mode that this Pillow writes."""
    Image.init()
    found = []
    for kind in sorted(Image.SAVE):
        if kind == "AVIF" and not features.check("avif"):
            continue
        found += [(kind, content) for mode in MODES if (content := written(kind, mode))]
    return tuple(found)


def written(kind: str, mode: str) -> bytes:
    """A ramp of 24 x 16 pixels; nothing where the format does not have the mode."""
    ramp = np.tile(np.linspace(0, 255, 24, dtype=np.uint8), (16, 1))
    image = Image.fromarray(ramp.astype(np.uint16) * 257 if mode == "I;16" else ramp)
    image = image if mode == "I;16" else image.convert("RGB").convert(mode)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # formats that a later Pillow will not write
        try:
            image.save(file, kind)
        except (OSError, ValueError, KeyError, TypeError, SystemError, struct.error):
            return b""
    return file.getvalue()


def damaged(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """A name that says what was done to which format, and the content that is left."""
    chance, sources = Random(seed), wholes()
    for number in range(count):
        kind, whole = sources[number % len(sources)]
        damage = DAMAGES[number // len(sources) % len(DAMAGES)]
        ending = chance.choice(("jpg", "JPEG", "png"))
        name = f"{number:05d}_{kind}_{damage.__name__.strip('_')}.{ending}"
        yield name, damage(whole, chance)


# what befalls a file ------------------------------------------------------------------------------
def _cut(whole: bytes, chance: Random) -> bytes:
    return whole[: chance.randrange(len(whole))]


def _flipped(whole: bytes, chance: Random) -> bytes:
    content = bytearray(whole)
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def _flipped_header(whole: bytes, chance: Random) -> bytes:
    content = bytearray(whole)
    for _ in range(chance.randint(1, 4)):
        content[chance.randrange(min(64, len(content)))] = chance.choice((0, 1, 0x7F, 0xFF))
    return bytes(content)


def _hole(whole: bytes, chance: Random) -> bytes:
    """A block that the disk gives back as zeros."""
    start = chance.randrange(len(whole))
    size = min(chance.randint(1, 64), len(whole) - start)
    return whole[:start] + bytes(size) + whole[start + size :]


def _left_out(whole: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(whole))
    return whole[:start] + whole[start + chance.randint(1, 16) :]


def _twice(whole: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(whole))
    return whole[:start] + whole


def _other_header(whole: bytes, chance: Random) -> bytes:
    other, size = chance.choice(wholes())[1], chance.randint(2, 32)
    return other[:size] + whole[size:]


def _empty_chunk(whole: bytes, chance: Random) -> bytes:
    """A chunk of no bytes, or of a few, with the right checksum; in other formats a marker."""
    data = chance.choice((b"", b"\0", chance.randbytes(chance.randint(1, 20))))
    if whole.startswith(b"\x89PNG"):
        kind, starts = chance.choice(CHUNKS), [*_png_chunks(whole)]
        at = chance.choice(starts)
        packed = struct.pack(">I", len(data)) + kind + data
        return whole[:at] + packed + struct.pack(">I", zlib.crc32(kind + data)) + whole[at:]
    marker = bytes((0xFF, chance.choice(MARKERS)))
    return whole[:2] + marker + struct.pack(">H", 2 + len(data)) + data + whole[2:]


def _png_chunks(whole: bytes) -> Iterator[int]:
    """Where each chunk after the first begins."""
    at = 33
    while at < len(whole):
        yield at
        at += 12 + int(struct.unpack(">I", whole[at : at + 4])[0])


def _text(whole: bytes, chance: Random) -> bytes:
    words = ("<html><body>404 Not Found</body></html>", "no picture\n", "P3\n", "%!PS\n", "BM")
    return chance.choice(words).encode() * chance.randint(1, 40)


def _nothing(whole: bytes, chance: Random) -> bytes:
    return b""


def _noise(whole: bytes, chance: Random) -> bytes:
    return whole[: chance.choice((2, 4, 8, 16))] + chance.randbytes(chance.randint(1, 400))


DAMAGES = (
    _cut,
    _flipped,
    _empty_chunk,
    _flipped_header,
    _hole,
    _left_out,
    _other_header,
    _noise,
    _twice,
    _text,
    _nothing,
)
