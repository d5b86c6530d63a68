"""Published weights as a job: by their name in timm, or from a file (Section 5: CLIP's models).

A name is `architecture.tag`, as in timm (`resnet50_clip.yfcc15m`), or `folder/family` for weights
of the book's own models. `NBSUPPORT_DATA/weights/<name>.safetensors` is looked for first; timm's
names are fetched from its hub otherwise. Only safetensors are read; where the hub has none, the
published file is converted by torch.load with weights_only=True, which runs no code.

CLIP's models were trained on 224 px. At other sizes their position embeddings are resampled
(bicubic): timm does so for ViTs, `_attention_pool` for ResNets; a ViT ignores the rows and columns
that do not fill a patch. Images are normalised with ImageNet's mean and std, as for all models of
the book: CLIP's means differ by at most .004, its deviations are 17 to 23 % larger, so its models
see somewhat more contrast than they were trained on. Weights trained on other scales are refused,
as far as timm knows of them. Of the paper's five, a ResNet-50 of LAION-15M
is not in timm; OpenAI's ViTs are those with `quickgelu`, the activation they were trained with.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from nbsupport import registry
from nbsupport.data.catalogue import WEIGHTS, CatalogueEntry
from nbsupport.errors import UserError
from nbsupport.paths import data_dir
from nbsupport.training.families import NAMES, family_named

if TYPE_CHECKING:
    import torch

# Deviations of the colours with which weights may have been trained: ImageNet's, CLIP's.
NORMALISED = ((0.229, 0.224, 0.225), (0.26862954, 0.26130258, 0.27577711))

STAGES = {"weights": 1}

Spec = dict[str, Any]
Tensors = dict[str, "torch.Tensor"]

_OWN = re.compile(r"[\w-]+/([\w.]+)")
ENTRY = CatalogueEntry(
    name="clip",
    role=WEIGHTS,
    what="image encoders of CLIP: OpenAI's, and a ResNet-50 that saw YFCC-15M",
    licence="MIT or Apache-2.0, as the model's page says; what they saw has other terms",
    download="154 MB (ResNet-50) to 1.2 GB (ViT-L/14)",
    on_disk="the same",
    page="https://huggingface.co/timm/resnet50_clip.yfcc15m",
    get="timm downloads them into the cache of huggingface_hub when first asked",
    places=(),
    classes=0,
    images=0,
    exact=False,
    module=__name__,
)


@dataclass(frozen=True)
class Published:
    """What a name of weights says: the family, and timm's architecture ("": the family's own)."""

    family: str
    architecture: str = ""


def published(name: str) -> Published:
    """What a name says. UserError for one of another form, or of a family that is not the book's.

    Whether the hub has such weights is found out when they are fetched.
    """
    for family in NAMES:
        start = family_named(family).timm
        if start and re.fullmatch(rf"{re.escape(start)}(?:\d|_)\w*\.\w+", name):
            return Published(family, name.partition(".")[0])
    if (found := _OWN.fullmatch(name)) and registry.FAMILIES.find(found[1]):
        return Published(found[1])
    raise UserError(
        f"unknown weights {name!r}: give architecture.tag as in timm (resnet50_clip.yfcc15m) or "
        f"folder/family for a file of your own, of a family among {', '.join(NAMES)}"
    )


# files --------------------------------------------------------------------------------------------
def local_file(name: str) -> Path | None:
    """Where the weights lie on this machine, None where they do not."""
    folder = data_dir()
    path = folder / "weights" / f"{name}.safetensors" if folder else None
    return path if path and path.is_file() else None


def weights_spec(name: str, px: int) -> Spec:
    """The spec of the job: weights, px and, where there is a file, the SHA-256 of that file."""
    path = local_file(name)
    return {"weights": name, "px": px, **({"sha256": _sha256(path)} if path else {})}


def fingerprint(name: str) -> str:
    """The SHA-256 of the local file where there is one, else timm's name."""
    path = local_file(name)
    return f"weights-{_sha256(path)}" if path else f"timm-{name}"


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)
def _digest(path: Path, size: int, modified: int) -> str:
    """Once a version of the file: a second for the 1.2 GB of a ViT-L."""
    del size, modified
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


# the stage ----------------------------------------------------------------------------------------
def weights(
    spec: Spec,
    folder: Path,
    parent: Path | None = None,
    report: Callable[[Spec], None] | None = None,
) -> Spec:
    """Leave published weights in `folder` as a pre-training leaves its own.

    `spec` is that of `weights_spec`. Returns family, architecture, classes (of the head that comes
    with them), parameters, origin, seconds, device, precision. UserError where they cannot be had,
    or are none of this architecture.
    """
    del report
    if parent is not None:
        raise ValueError(f"published weights start from nothing, not from {parent}")
    from nbsupport.training.models import WEIGHTS, head_name, save_weights

    began = time.perf_counter()
    name, digest = spec["weights"], spec.get("sha256")
    what = published(name)
    _check_normalised(name)
    tensors = _from_file(name, digest) if digest else _from_hub(name, what)
    model = _checked(name, what, spec["px"], tensors)
    save_weights(model, folder / WEIGHTS)
    return {
        "family": what.family,
        "architecture": what.architecture,
        "classes": len(model.get_parameter(f"{head_name(model)}.weight")),
        "parameters": sum(p.numel() for p in model.parameters()),
        "origin": "file" if digest else "hub",
        "seconds": time.perf_counter() - began,
        "device": "cpu",
        "precision": "float32",
    }


def _from_file(name: str, digest: str) -> Tensors:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = local_file(name)
    if path is None or _sha256(path) != digest:
        raise UserError(
            f"{_place(name)} is no longer the file that this run was planned with: run it again"
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path} is no whole safetensors file ({_brief(error)}): get it again; convert a "
            "pickle (.bin, .pth) first, none is ever opened here"
        ) from error


def _place(name: str) -> str:
    return f"{data_dir() or 'NBSUPPORT_DATA'}/weights/{name}.safetensors"


def _from_hub(name: str, what: Published) -> Tensors:
    """timm's copy. UserError where the name is not timm's, or the hub cannot be reached."""
    if not what.architecture:
        raise UserError(
            f"no file {_place(name)}: weights of your own come from there alone, as safetensors"
        )
    import timm.models

    known = timm.list_pretrained(f"{what.architecture}.*")
    hub = _config(name, what).hf_hub_id if name in known else None
    if not hub:
        some = ", ".join(known[:8]) or "none of this architecture"
        raise UserError(
            f"timm has no weights {name!r} on its hub (it has {some}): give one of those, or put "
            f"the file at {_place(name)}"
        )
    from huggingface_hub.utils import logging

    told = logging.get_verbosity()
    logging.set_verbosity_error()  # of each retry it would print several lines
    try:
        return timm.models.load_state_dict_from_hf(hub, weights_only=True)
    except Exception as error:  # of huggingface_hub and its HTTP client, which change with versions
        raise UserError(
            f"cannot fetch {name} from huggingface.co/{hub} ({_brief(error)}): connect and run "
            f"again, or put its model.safetensors at {_place(name)}"
        ) from error
    finally:
        logging.set_verbosity(told)


def _brief(error: Exception, line: int = 0) -> str:
    """What an error says, in part of a line: the line asked for, or its last."""
    lines = [text.strip() for text in str(error).splitlines() if text.strip()]
    if not lines:
        return type(error).__name__
    return shorten(lines[: line + 1][-1].rstrip("."), 160, placeholder=" ...")


# what they are put into ---------------------------------------------------------------------------
def _checked(name: str, what: Published, px: int, tensors: Tensors) -> "torch.nn.Module":
    try:
        return (
            _timm_model(name, what, px, tensors) if what.architecture else _own(what, px, tensors)
        )
    except (RuntimeError, ValueError, KeyError, AssertionError, ZeroDivisionError) as error:
        kind = what.architecture or what.family
        raise UserError(
            f"the weights {name} do not fit {kind} at {px} px ({_brief(error, 1)}): give weights "
            "of that architecture, or another size"
        ) from error


def _own(what: Published, px: int, tensors: Tensors) -> "torch.nn.Module":
    from nbsupport.training.models import build, head_name, replace_head

    model = build(what.family, 1, px)
    head = tensors.get(f"{head_name(model)}.weight")
    if head is not None:
        replace_head(model, len(head), 0)
    model.load_state_dict(tensors)
    return model


def _timm_model(name: str, what: Published, px: int, tensors: Tensors) -> "torch.nn.Module":
    """timm's model, its own filter applied to the weights (names, position embeddings)."""
    import timm

    from nbsupport.training.models import image_size
    from nbsupport.training.seeds import seeded

    config, size = _config(name, what), image_size(what.architecture, px)
    head = tensors.get(f"{config.classifier}.weight")
    classes = config.num_classes if head is None else len(head)
    fitted = _attention_pool(tensors, what.architecture, size)
    overlay: Spec = {"state_dict": fitted, "num_classes": classes}
    with seeded(0, "head"):
        model: Any = timm.create_model(
            what.architecture,
            pretrained=True,
            pretrained_cfg_overlay=overlay,
            num_classes=classes,
            **size,
        )
        if not classes:  # published without a head, which fine-tuning would look for
            model.reset_classifier(1)
    return model


def _check_normalised(name: str) -> None:
    """UserError for weights that were trained on pixels of quite another scale than the book's."""
    import timm
    from timm.models import get_pretrained_cfg

    config: Any = get_pretrained_cfg(name) if name in timm.list_pretrained(name) else None
    if config and tuple(config.std) not in NORMALISED:
        raise UserError(
            f"{name} was trained on images normalised with mean {config.mean[0]:g} and deviation "
            f"{config.std[0]:g}, and this book normalises as ImageNet's models do: give weights "
            "trained so, or CLIP's"
        )


def _config(name: str, what: Published) -> Any:
    """timm's entry for a name; for a tag that is not its own, that of the architecture."""
    import timm
    from timm.models import get_pretrained_cfg

    if not timm.is_model(what.architecture):
        raise ValueError("timm has no such architecture")
    return get_pretrained_cfg(name if name in timm.list_pretrained(name) else what.architecture)


def _attention_pool(tensors: Tensors, architecture: str, size: Spec) -> Tensors:
    """Positions of the attention pooling that ends CLIP's ResNets, for another grid of places."""
    import timm
    import torch
    from timm.layers import resample_abs_pos_embed

    name = "head.pos_embed"  # [1 + side^2, width]: the first stands for the mean of all places
    if name not in tensors:
        return tensors
    with torch.device("meta"):
        wanted = timm.create_model(architecture, **size).state_dict().get(name)
    if wanted is None:
        return tensors
    side = round((len(wanted) - 1) ** 0.5)
    moved = resample_abs_pos_embed(tensors[name][None], [side, side], num_prefix_tokens=1)
    return tensors | {name: moved[0]}
