"""Published weights: by name or file, fitted to an image size, and what is told when they fail."""

from pathlib import Path

import numpy as np
import pytest
import timm
import timm.models
import torch
from safetensors.torch import load_file, save_file
from timm.layers import AttentionPool2d
from toy_lab import spec as toy_spec

from nbsupport.errors import UserError
from nbsupport.jobs.problems import JobsFailed
from nbsupport.jobs.runner import run
from nbsupport.study.profiles import profile_named
from nbsupport.study.study import Group, Study
from nbsupport.training.models import build, head_name, load_weights
from nbsupport.training.stages.fake_weights import fake_weights
from nbsupport.training.stages.labels import finetune
from nbsupport.training.stages.weights import (
    _attention_pool,
    fingerprint,
    local_file,
    published,
    weights,
    weights_spec,
)

TINY = "vit_tiny_patch16_224"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("NBSUPPORT_DATA", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A hub that nobody reaches, and what was asked of it."""
    asked: list[str] = []

    def fail(hub: str, **_: object) -> None:
        asked.append(hub)
        raise OSError("Name or service not known\nwith a second line")

    monkeypatch.setattr(timm.models, "load_state_dict_from_hf", fail)
    return asked


def made(name: str, px: int, folder: Path) -> dict:
    folder.mkdir(exist_ok=True)
    return weights(weights_spec(name, px), folder)


# names --------------------------------------------------------------------------------------------
def test_names_say_the_family_and_the_architecture() -> None:
    names = ("resnet50_clip.yfcc15m", "vit_large_patch14_clip_224.openai", "rehearsal/alexnet")
    said = [published(name) for name in (*names, "resnext50_32x4d.a1_in1k")]
    assert [what.family for what in said] == ["resnet", "vit", "alexnet", "resnext"]
    assert said[0].architecture == "resnet50_clip"
    assert said[2].architecture == ""


def test_timm_has_the_weights_that_the_paper_profile_names() -> None:
    names = {n for corpus in profile_named("paper").weights.values() for n in corpus.values()}
    assert len(names) == 3
    assert all(timm.is_model_pretrained(name) for name in names)


@pytest.mark.parametrize(
    "name", ["", "resnet50", "swin_tiny.ms_in1k", "vitamin_s.x", "../x/vit", "a/b/vit", "my/resnt"]
)
def test_other_names_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(UserError, match=r"unknown weights .* give") as caught:
        published(name)
    assert "\n" not in str(caught.value)


# a file ------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("toys")
def test_a_finetuning_starts_from_a_file(data: Path, tmp_path: Path, no_hub: list[str]) -> None:
    (file,) = fake_weights(data, ["rehearsal/vit"])
    assert file == local_file("rehearsal/vit")
    result = made("rehearsal/vit", 16, tmp_path / "parent")
    assert (result["family"], result["classes"], result["origin"]) == ("vit", 10, "file")
    start = toy_spec("vit", epochs=1, lr=0.0, weight_decay=0.0)
    (tmp_path / "child").mkdir()
    finetune(start, tmp_path / "child", tmp_path / "parent")
    before, after = load_file(file), load_file(tmp_path / "child" / "weights.safetensors")
    assert all(torch.equal(after[k], v) for k, v in before.items() if not k.startswith("head"))
    assert after["head.weight"].shape[0] == 5
    assert no_hub == []


def test_fake_weights_are_the_same_each_time(data: Path) -> None:
    names = [f"rehearsal/{family}" for family in ("resnet", "densenet")]
    first = [file.read_bytes() for file in fake_weights(data, names)]
    assert [file.read_bytes() for file in fake_weights(data, names)] == first


@pytest.mark.usefixtures("toys")
def test_timms_architecture_is_fitted_to_the_image_size(data: Path, tmp_path: Path) -> None:
    fake_weights(data, [f"{TINY}.mine"], px=32)
    result = made(f"{TINY}.mine", 16, tmp_path / "parent")  # four places become one
    assert (result["architecture"], result["classes"]) == (TINY, 10)
    spec = toy_spec("vit", epochs=1) | {"architecture": TINY}
    (tmp_path / "child").mkdir()
    finetune(spec, tmp_path / "child", tmp_path / "parent")
    model = load_weights("vit", 16, tmp_path / "child" / "weights.safetensors", TINY)
    assert model.get_submodule(head_name(model)).out_features == 5
    with pytest.raises(UserError, match=f"does not hold the weights of {TINY} at 32 px"):
        load_weights("vit", 32, tmp_path / "child" / "weights.safetensors", TINY)


def test_an_unchanged_size_leaves_every_number_as_published(data: Path, tmp_path: Path) -> None:
    (file,) = fake_weights(data, [f"{TINY}.mine"], px=32)
    made(f"{TINY}.mine", 32, tmp_path / "parent")
    before, after = load_file(file), load_file(tmp_path / "parent" / "weights.safetensors")
    assert set(before) == set(after)
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_the_attention_pool_of_clips_resnets_is_resampled_as_timm_does() -> None:
    """timm resamples on the fly when its own model is given a larger image: the oracle."""
    published_pool = AttentionPool2d(2048, out_features=3, feat_size=7, num_heads=32).eval()
    torch.nn.init.normal_(published_pool.pos_embed)
    held = {f"head.{name}": value for name, value in published_pool.state_dict().items()}
    fitted = _attention_pool(held, "resnet50_clip", {"img_size": 96})
    pool = AttentionPool2d(2048, out_features=3, feat_size=3, num_heads=32).eval()
    pool.load_state_dict({name.removeprefix("head."): v for name, v in fitted.items()})
    places = torch.randn(2, 2048, 3, 3, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(pool(places), published_pool(places), atol=1e-6)
    same = _attention_pool(held, "resnet50_clip", {"img_size": 224})
    assert all(torch.equal(same[name], value) for name, value in held.items())


def test_a_vit_of_the_full_size_reads_other_sizes_too() -> None:
    with torch.device("meta"):
        model = build("vit", 7, 96)
        assert model(torch.zeros(1, 3, 96, 96)).shape == (1, 7)


# what goes wrong ----------------------------------------------------------------------------------
def refused(name: str, folder: Path, px: int = 16) -> str:
    with pytest.raises(UserError) as caught:
        made(name, px, folder)
    assert "\n" not in str(caught.value)
    assert not (folder / "weights.safetensors").exists()
    return str(caught.value)


@pytest.mark.parametrize("damage", ["cut short", "a pickle", "empty"])
def test_a_file_that_is_no_safetensors_is_refused(data: Path, tmp_path: Path, damage: str) -> None:
    (file,) = fake_weights(data, ["rehearsal/vit"])
    if damage == "a pickle":
        torch.save({"head.weight": torch.zeros(2)}, file)
    else:
        file.write_bytes(file.read_bytes()[:-10] if damage == "cut short" else b"")
    text = refused("rehearsal/vit", tmp_path / "job")
    assert f"{file} is no whole safetensors file" in text
    assert "get it again" in text


def test_weights_of_another_architecture_are_refused(data: Path, tmp_path: Path) -> None:
    (file,) = fake_weights(data, ["rehearsal/vit"])
    for name in ("rehearsal/resnet", "resnet18.mine"):
        (data / "weights" / f"{name}.safetensors").write_bytes(file.read_bytes())
        assert f"the weights {name} do not fit resnet" in refused(name, tmp_path / "job")


def test_a_wrong_shape_is_refused_and_named(data: Path, tmp_path: Path) -> None:
    (file,) = fake_weights(data, ["rehearsal/vit"])
    tensors = load_file(file)
    save_file(tensors | {"features.norm.weight": torch.ones(5)}, file)
    text = refused("rehearsal/vit", tmp_path / "job")
    assert "size mismatch for features.norm.weight" in text


def test_weights_that_are_not_there(tmp_path: Path, data: Path) -> None:
    text = refused("rehearsal/vit", tmp_path / "job")
    assert f"no file {data / 'weights' / 'rehearsal/vit.safetensors'}" in text


def test_a_hub_that_cannot_be_reached(tmp_path: Path, data: Path, no_hub: list[str]) -> None:
    text = refused("resnet50_clip.yfcc15m", tmp_path / "job", 224)
    assert no_hub == ["timm/resnet50_clip.yfcc15m"]
    assert "cannot fetch resnet50_clip.yfcc15m from huggingface.co/timm/resnet50_clip" in text
    assert f"put its model.safetensors at {data}" in text


def test_a_tag_that_timm_does_not_have(tmp_path: Path, no_hub: list[str]) -> None:
    assert "it has resnet50_clip.cc12m" in refused("resnet50_clip.laion15m", tmp_path / "job")
    assert "none of this architecture" in refused("vit_huge_nosuch.x", tmp_path / "job")
    assert no_hub == []


def test_what_the_hub_gives_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    given = timm.create_model("resnet18", num_classes=1000).state_dict()
    asked = {}

    def give(hub: str, **options: object) -> dict:
        asked[hub] = options
        return dict(given)

    monkeypatch.setattr(timm.models, "load_state_dict_from_hf", give)
    name = "resnet18.a1_in1k"
    result = made(name, 32, tmp_path / "job")
    assert (result["origin"], result["classes"]) == ("hub", 1000)
    assert asked == {f"timm/{name}": {"weights_only": True}}
    kept = load_file(tmp_path / "job" / "weights.safetensors")
    assert torch.equal(kept["fc.weight"], given["fc.weight"])


def test_weights_for_pixels_of_another_scale_are_refused(tmp_path: Path, no_hub: list[str]) -> None:
    text = refused("vit_tiny_patch16_224.augreg_in21k_ft_in1k", tmp_path / "job")
    assert "normalised with mean 0.5 and deviation 0.5" in text
    assert no_hub == []


def test_a_file_that_changed_since_the_plan_is_refused(data: Path, tmp_path: Path) -> None:
    (file,) = fake_weights(data, ["rehearsal/vit"])
    planned = weights_spec("rehearsal/vit", 16)
    fake_weights(data, ["rehearsal/vit"], px=32)
    with pytest.raises(UserError, match=r"no longer the file .* run it again"):
        weights(planned, tmp_path)
    file.unlink()
    with pytest.raises(UserError, match=r"no longer the file"):
        weights(planned, tmp_path)


# in a study ---------------------------------------------------------------------------------------
def test_the_file_enters_the_key_and_its_place_does_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study("smoke", store=tmp_path / "store")
    group = Group("captions/mine", "mine", None, weights={"vit": "rehearsal/vit"})
    without = study.runs([group])[0].finetune.key
    fake_weights(data, ["rehearsal/vit"], px=32)
    with_file = study.runs([group])[0].finetune.key
    assert fingerprint("rehearsal/vit").startswith("weights-")
    fake_weights(tmp_path / "elsewhere", ["rehearsal/vit"], px=32)
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path / "elsewhere"))
    assert study.runs([group])[0].finetune.key == with_file != without


def test_a_study_finetunes_published_weights(data: Path, tmp_path: Path) -> None:
    fake_weights(data, ["rehearsal/vit"], px=32)
    study = Study("smoke", store=tmp_path / "store", engine="serial", seeds=[0, 1])
    groups = [Group("captions/mine", "mine", None, weights={"vit": "rehearsal/vit"})]
    runs = study.runs(groups)
    assert [[job.stage for job in one.jobs] for one in runs] == [["weights", "finetune"]] * 2
    assert len({one.jobs[0].key for one in runs}) == 1  # whatever the seed
    found = study.execute(runs, progress=False)
    assert set(found["family"]) == {"vit"}
    assert set(found["source"]) == {"rehearsal/vit"}
    assert set(found["versions"]) == {"weights-1+finetune-1"}
    assert np.isfinite(found["ood_macro_f1"]).all()


def test_an_architecture_is_in_the_spec_only_where_it_is_named(tmp_path: Path) -> None:
    study = Study("smoke", store=tmp_path)
    groups = [
        Group("captions/rn50", "RN50", None, weights={"resnet": "resnet50_clip.yfcc15m"}),
        Group("captions/mine", "mine", None, weights={"vit": "rehearsal/vit"}),
        study.scratch,
    ]
    clip, mine, scratch = (one.finetune for one in study.runs(groups))
    assert clip.spec["architecture"] == "resnet50_clip"
    assert (clip.parent.stage, clip.parent.data) == ("weights", "timm-resnet50_clip.yfcc15m")
    assert "architecture" not in mine.spec
    assert "architecture" not in scratch.spec


def test_one_line_for_all_runs_that_need_weights_that_are_not_there(tmp_path: Path) -> None:
    study = Study("smoke", store=tmp_path, seeds=[0, 1])
    groups = [Group("captions/rn50", "RN50", None, weights={"resnet": "resnet50_clip.yfcc15m"})]
    jobs = [job for one in study.runs(groups) for job in one.jobs]
    with pytest.raises(JobsFailed, match=r"cannot fetch resnet50_clip\.yfcc15m") as caught:
        run(jobs, study.store, engine="serial")
    assert "\n" not in str(caught.value)


def test_a_group_has_a_subset_or_weights(tmp_path: Path) -> None:
    study = Study("smoke", store=tmp_path)
    with pytest.raises(UserError, match="not both"):
        Group("both", "both", study.imagenet, weights={"vit": "rehearsal/vit"})
    with pytest.raises(UserError, match="of no resnet"):
        Group("other", "other", None, weights={"resnet": "rehearsal/vit"})
