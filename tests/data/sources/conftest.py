"""Small data sets in their official layouts, and a small tree of classes above them."""

import io
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nbsupport.data.sources import wordnet

# in torchvision's order; two are cranes, a bird and a machine
WNIDS = ("n01440764", "n01443537", "n02012849", "n02123045", "n03126707")
NAMES = ("tench", "goldfish", "crane", "tabby", "crane")


@cache
def encoded(mode: str = "RGB", kind: str = "JPEG", size: tuple[int, int] = (20, 14)) -> bytes:
    """A picture that brightens from left to right."""
    width, height = size
    pixels = np.tile(np.linspace(0, 255, width, dtype=np.uint8), (height, 1))
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").convert(mode).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    return encoded


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of data sets, and a store of its own."""
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("NBSUPPORT_SKIP_BROKEN", raising=False)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def write() -> Callable[..., None]:
    """Files below a folder: names, and the bytes of each (a plain JPEG where none are given)."""

    def put(folder: Path, names: Iterable[str], content: bytes | None = None) -> None:
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded() if content is None else content)

    return put


def classes_of(wnids: Iterable[str], names: Iterable[str]) -> pd.DataFrame:
    tree = ["object" if wnid > "n03" else "animal" for wnid in wnids]
    table = pd.DataFrame({"wnid": list(wnids), "name": list(names), "words": "", "tree": tree})
    return table.assign(depth_1=tree, depth_2=list(wnids), breeds="")


def hierarchy(folders: Iterable[str]) -> pd.DataFrame:
    parts = [folder.split("/") for folder in folders]
    rows = [(top, name.split(" ")[0], name) for top, name in parts]
    return pd.DataFrame(rows, columns=["supercategory", "genus", "species"])


@pytest.fixture
def taxonomy(monkeypatch: pytest.MonkeyPatch) -> Iterable[Callable[..., None]]:
    """A tree of a few classes in the place of ImageNet's; called, one of other classes."""
    module = ModuleType("nbsupport.data.taxonomy")
    module.inaturalist_hierarchy = hierarchy  # type: ignore[attr-defined]

    def use(wnids: Iterable[str], names: Iterable[str]) -> None:
        table = classes_of(wnids, names).set_index("wnid", drop=False)
        module.imagenet_classes = lambda: table.reset_index(drop=True)  # type: ignore[attr-defined]
        module.below = lambda node, own: (table.loc[list(own), "tree"] == node).to_numpy()  # type: ignore[attr-defined]
        wordnet.imagenet_wnids.cache_clear()

    use(WNIDS, NAMES)
    monkeypatch.setitem(sys.modules, "nbsupport.data.taxonomy", module)
    yield use
    wordnet.imagenet_wnids.cache_clear()


@pytest.fixture
def imagenet(root: Path, taxonomy: object, write: Callable[..., None]) -> Path:
    """ImageNet's layout: three pictures of each of five classes; its folder train/."""
    train = root / "imagenet" / "train"
    write(train, [f"{wnid}/{wnid}_{i}.JPEG" for wnid in WNIDS for i in (10, 2, 33)])
    return train


@pytest.fixture
def tiny(root: Path, taxonomy: Callable[..., None], write: Callable[..., None]) -> Path:
    """Tiny-ImageNet's folder: two pictures of each of its 200 classes, and what else it holds."""
    from nbsupport.data.sources.tiny_imagenet import tiny_wnids

    taxonomy(tiny_wnids(), tiny_wnids())
    top = root / "tiny-imagenet-200"
    names = [f"train/{w}/images/{w}_{i}.JPEG" for w in tiny_wnids() for i in range(2)]
    write(top, [*names, "val/images/val_0.JPEG", "test/images/test_0.JPEG"])
    write(top, ["wnids.txt"], "\n".join(tiny_wnids()).encode())
    write(top, [f"train/{w}/{w}_boxes.txt" for w in tiny_wnids()], b"0")
    return top
