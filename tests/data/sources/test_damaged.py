"""Damaged files of every format that Pillow writes: a line names each, and none stops a check."""

import io
import re
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from damaged import DAMAGES, damaged, wholes
from PIL import Image

from nbsupport.cli import main
from nbsupport.data.pictures.files import Pictures, decode, place
from nbsupport.data.sources import generated_files
from nbsupport.errors import UserError
from nbsupport.paths import root as root_of_project

WNIDS = ("n01440764", "n01443537", "n02012849", "n02123045", "n03126707")  # of the fixtures
QUICK, ALL = 800, 10_000
SMALL = 2**20  # pixels: a size that damage made up takes no memory


@pytest.fixture(autouse=True)
def small_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", SMALL)


def opens(content: bytes) -> bool:
    """Whether Pillow reads a picture, and in bits that have a white."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content)) as picture:
                picture.load()
                if not picture.mode.startswith("I;16"):
                    picture.convert("RGB")
                return picture.mode != "F" and (picture.mode, picture.format) != ("I", "TIFF")
        except Exception:
            return False


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_every_format_and_every_damage_is_among_them() -> None:
    names = [name for name, _ in damaged(0, len(wholes()) * len(DAMAGES))]
    assert {name.split("_")[1] for name in names} == {kind for kind, _ in wholes()}
    assert {"PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"} <= {kind for kind, _ in wholes()}
    assert list(damaged(3, 50)) == list(damaged(3, 50))


def test_whole_pictures_of_every_format_are_read() -> None:
    read = set()
    for kind, content in wholes():
        if opens(content):
            assert decode(content, 16, "crop", kind).shape == (3, 16, 16)
            read.add(kind)
    # the others are only written, need a program, or say nothing of white
    assert {kind for kind, _ in wholes()} - read <= {"PDF", "PALM", "EPS", "SPIDER"}


@pytest.mark.parametrize("count", [QUICK, pytest.param(ALL, marks=pytest.mark.slow)])
def test_a_check_names_each_damaged_file_in_one_line(
    count: int, root: Path, taxonomy: object, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = set()
    for number, (name, content) in enumerate(damaged(0, count)):
        path = root / "generated" / WNIDS[number % len(WNIDS)] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if not opens(content):
            broken.add(f"{path.parent.name}/{name}")
    assert main(["data", "check", "generated", "--all"]) == 1
    out, errors = capfd.readouterr()
    assert [line for line in errors.split("\r") if line.strip() and "%|" not in line] == []
    named = re.findall(r"generated: wrong: .*generated: (\S+) cannot be read as a picture", out)
    assert len(named) > count / 2
    assert sorted(named) == sorted(broken)
    others = [line for line in out.splitlines() if "cannot be read" not in line]
    assert others == [
        f"generated: {count:,} pictures of {len(WNIDS)} classes",
        f"generated: {count:,} pictures, published are 1,000,000",
        f"generated: {len(named):,} wrong",
    ]


def test_an_empty_profile_after_the_pixels(
    imagenet: Path, picture: Callable[..., bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Pillow answers with an IndexError that names nothing."""
    whole = picture(kind="PNG")
    at = whole.index(b"IEND") - 4
    content = whole[:at] + chunk(b"iCCP") + whole[at:]
    with pytest.raises(UserError, match=r"a\.png cannot be read as a picture \(.*\): restore"):
        decode(content, 8, "crop", "a.png")
    (imagenet / WNIDS[0] / "a.png").write_bytes(content)
    assert main(["data", "check", "imagenet", "--all"]) == 1
    assert f"{WNIDS[0]}/a.png cannot be read as a picture" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RecursionError("maximum recursion depth exceeded"),
        struct.error("unpack requires a buffer of 4 bytes"),
        SyntaxError("broken PNG file"),
        Image.DecompressionBombError("Image size exceeds limit"),
        ZeroDivisionError("division by zero"),
        AssertionError(),
        KeyError(7),
        OverflowError("too\nlarge\x1b[2J"),
        Warning("odd"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_decoder_raises_is_one_line_with_the_file(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Callable[..., bytes]
) -> None:
    def fail(*_: object) -> None:
        raise error

    (tmp_path / "1.jpg").write_bytes(picture())
    monkeypatch.setattr(Image.Image, "convert", fail)
    pictures = Pictures(place(tmp_path), ["1.jpg"])
    for read in (lambda: pictures.square(0, 8), lambda: pictures.squares(np.arange(1), 8)):
        with pytest.raises(UserError, match=r"1\.jpg cannot be read as a picture \(.+\)") as caught:
            read()
        assert str(caught.value).isprintable()


def test_a_training_and_a_preparation_name_the_file_too(imagenet: Path) -> None:
    from nbsupport.data.pictures.decode_once import BrokenPicturesError, decode_once
    from nbsupport.data.sources import imagenet as module

    name = f"{WNIDS[1]}/{WNIDS[1]}_2.JPEG"
    whole = (imagenet / name).read_bytes()
    (imagenet / name).write_bytes(whole[: len(whole) // 2])
    source = module.open_it(px=8)
    with pytest.raises(BrokenPicturesError, match=name):
        decode_once(source.pictures, 8)
    with pytest.raises(UserError, match=name):
        source.images(np.arange(len(source)))


def test_many_damaged_files_are_left_out_where_that_is_asked_for(
    root: Path, taxonomy: object, picture: Callable[..., bytes]
) -> None:
    for number, (name, content) in enumerate(damaged(1, 200)):
        folder = root / "generated" / WNIDS[number % len(WNIDS)]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / f"whole_{number}.png").write_bytes(picture(kind="PNG"))
    assert main(["data", "check", "generated", "--skip-broken"]) == 0
    source = generated_files.open_it(px=8)
    assert 200 <= len(source) < 400
    assert source.images(np.arange(len(source))).shape == (len(source), 3, 8, 8)


# pictures of other kinds --------------------------------------------------------------------------
RAMP = np.tile(np.linspace(0, 255, 16, dtype=np.uint8), (16, 1))


def packed(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_grey_of_16_bits_is_scaled(kind: str) -> None:
    for high_first in (False, True):
        order = ">u2" if high_first else "<u2"
        mode = "I;16B" if high_first else "I;16"
        wide = (RAMP.astype(np.uint16) * 257).astype(order)
        if high_first and kind == "PPM":
            continue
        content = packed(Image.frombytes(mode, (16, 16), wide.tobytes()), kind)
        found = decode(content, 16, "crop", "a.png")
        assert (found == RAMP).all()


def test_other_modes_are_what_they_show() -> None:
    grey = Image.fromarray(RAMP)
    for mode in ("L", "LA", "P", "RGB", "RGBA", "1"):
        image = grey.convert(mode)
        expected = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
        assert (decode(packed(image), 16, "crop", "a.png") == expected).all()
    palette = packed(grey.convert("P"), transparency=bytes(range(256)))  # one for each colour
    assert (decode(palette, 16, "crop", "a.png") == RAMP).all()
    for mode in ("CMYK", "YCbCr"):
        found = decode(packed(grey.convert("RGB").convert(mode), "JPEG"), 16, "crop", "a.jpg")
        assert np.abs(found.astype(int) - RAMP).max() < 9
    for number in (np.int32, np.float32):
        content = packed(Image.fromarray(RAMP.astype(number)), "TIFF")
        with pytest.raises(UserError, match=r"a\.png .*nothing says which is white"):
            decode(content, 16, "crop", "a.png")


def test_a_hundred_megapixels_are_read_without_a_warning(tmp_path: Path) -> None:
    """Whatever filters there are: a warning would name no file."""
    side = 10_000
    packed_rows = zlib.compress(bytes(side * (1 + side // 8)), 1)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed_rows) + chunk(b"IEND")
    )
    (tmp_path / "large.png").write_bytes(png)
    code = (
        "from pathlib import Path; from nbsupport.data.pictures.files import *; "
        f"print(Pictures(place(Path({str(tmp_path)!r})), ['large.png']).square(0, 8).max())"
    )
    for how in ("default", "error"):
        done = subprocess.run(
            [sys.executable, "-W", how, "-c", code],
            cwd=root_of_project(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("0\n", "")


def test_damage_is_seeded() -> None:
    for damage in DAMAGES:
        content = wholes()[0][1]
        assert damage(content, Random(5)) == damage(content, Random(5))
