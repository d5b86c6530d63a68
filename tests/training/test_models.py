"""Each family keeps its defining block, in the small siblings and at full size."""

import operator
from itertools import pairwise

import pytest
import torch
from timm.layers import Attention
from torch import fx, nn

from nbsupport.errors import UserError
from nbsupport.training.families import NAMES, architecture, family_named
from nbsupport.training.models import (
    Head,
    build,
    head_name,
    load_weights,
    replace_head,
    save_weights,
)

ADDITIONS = {operator.add, operator.iadd}
NORMALISATIONS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm)


class Layers(fx.Tracer):
    """Follows what a model computes down to its layers, of which its head is one."""

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, Head) or super().is_leaf_module(module, name)


def graph(family: str) -> tuple[nn.Module, fx.Graph]:
    model = build(family, 9, 32)
    return model, Layers().trace(model)


def calls(found: fx.Graph, functions: set) -> list[fx.Node]:
    return [n for n in found.nodes if n.op == "call_function" and n.target in functions]


def layers(model: nn.Module, kind: type) -> list:
    return [m for m in model.modules() if isinstance(m, kind)]


def groups(model: nn.Module) -> set[int]:
    return {conv.groups for conv in layers(model, nn.Conv2d)}


def test_resnet_adds_its_input_to_plain_convolutions():
    model, found = graph("resnet")
    assert len(calls(found, ADDITIONS)) >= 2
    assert not calls(found, {torch.cat})
    assert groups(model) == {1}


def test_resnext_adds_and_has_at_least_four_groups():
    model, found = graph("resnext")
    grouped = [c for c in layers(model, nn.Conv2d) if c.groups > 1]
    assert len(calls(found, ADDITIONS)) == len(grouped) >= 2
    for conv in grouped:
        assert conv.groups >= 4
        assert conv.groups < conv.in_channels  # not depthwise
        assert conv.kernel_size == (3, 3)


def test_densenet_concatenates_all_that_came_before():
    model, found = graph("densenet")
    lengths = [len(node.args[0]) for node in calls(found, {torch.cat})]
    assert max(lengths) >= 3
    assert any(b == a + 1 for a, b in pairwise(lengths))
    assert not calls(found, ADDITIONS)
    assert groups(model) == {1}


def test_alexnet_is_plain_with_large_linear_layers_dropout_and_no_normalisation():
    model, found = graph("alexnet")
    assert not calls(found, ADDITIONS | {torch.cat})
    assert not layers(model, NORMALISATIONS)
    assert len(layers(model, nn.Dropout)) >= 2
    linear = layers(model, nn.Linear)
    assert len(linear) == 3
    held = sum(p.numel() for layer in linear for p in layer.parameters())
    assert held > sum(p.numel() for p in model.parameters()) / 2


def test_mobilenetv3_inverts_its_residuals_squeezes_and_swishes():
    model, found = graph("mobilenetv3")
    depthwise = [c for c in layers(model, nn.Conv2d) if c.groups > 1]
    assert len(depthwise) >= 2
    stem = layers(model, nn.Conv2d)[0]
    for conv in depthwise:
        assert conv.groups == conv.in_channels == conv.out_channels
        assert conv.in_channels > stem.out_channels  # expanded, then narrowed again
    assert len(calls(found, {operator.mul})) >= 2  # the squeezed channels weigh the others
    assert layers(model, nn.Hardsigmoid)
    assert layers(model, nn.Hardswish)
    assert calls(found, ADDITIONS)


def test_vit_attends_over_patches_and_adds():
    model, found = graph("vit")
    attended = calls(found, {nn.functional.scaled_dot_product_attention})
    assert len(attended) == len(layers(model, Attention)) >= 2
    assert len(calls(found, ADDITIONS)) >= 2 * len(attended)  # two residuals a block
    convolutions = layers(model, nn.Conv2d)
    assert len(convolutions) == 1  # the patches: nothing else mixes places
    assert convolutions[0].kernel_size == convolutions[0].stride == (4, 4)


def test_vit_knows_places_by_its_positions_alone():
    model = build("vit", 9, 32).eval()
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    moved = image.roll(8, 3)  # by whole patches
    assert not torch.allclose(model(image), model(moved), atol=1e-5)
    with torch.no_grad():
        model.features.positions.zero_()
    assert torch.allclose(model(image), model(moved), atol=1e-5)


@pytest.mark.parametrize("family", NAMES)
@pytest.mark.parametrize("px", [16, 32, 64])
def test_every_small_sibling_reads_its_image_size(family, px):
    assert build(family, 9, px)(torch.zeros(2, 3, px, px)).shape == (2, 9)


@pytest.mark.parametrize("family", NAMES)
def test_large_images_get_the_published_network(family):
    with torch.device("meta"):
        model = build(family, 11, 224)
    assert type(model).__module__.split(".")[0] in ("timm", "torchvision")
    assert model.get_submodule(head_name(model)).out_features == 11
    assert architecture(family, 224) == family_named(family).full_size
    assert architecture(family, 32) != family_named(family).full_size
    expected = {"resnext": 32, "resnet": 1, "densenet": 1, "alexnet": 1, "vit": 1}
    assert max(groups(model)) == expected.get(family, 960)


@pytest.mark.parametrize("family", NAMES)
def test_weights_are_a_function_of_the_seed(family):
    one, same, other = (build(family, 9, 32, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_building_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    replace_head(build("resnet", 9, 32), 4, 1)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("family", NAMES)
def test_weights_come_back_and_a_new_head_replaces_only_the_head(family, tmp_path):
    path = tmp_path / "weights.safetensors"
    trained = build(family, 9, 32, 3).to(memory_format=torch.channels_last)
    save_weights(trained, path)
    before = load_weights(family, 32, path).state_dict()
    assert all(torch.equal(before[k], v) for k, v in trained.state_dict().items())
    model = replace_head(load_weights(family, 32, path), 4, 1)
    head = head_name(model)
    assert model.get_submodule(head).out_features == 4
    body = {k: v for k, v in model.state_dict().items() if not k.startswith(head)}
    assert all(torch.equal(v, before[k]) for k, v in body.items())
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 4)
    again = replace_head(load_weights(family, 32, path), 4, 1)
    assert torch.equal(again.get_submodule(head).weight, model.get_submodule(head).weight)


def test_the_weights_of_another_family_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(build("resnet", 9, 32), path)
    with pytest.raises(UserError, match="does not hold the weights of densenet at 32 px"):
        load_weights("densenet", 32, path)


def test_an_unknown_family_is_refused():
    with pytest.raises(UserError, match="did you mean 'resnet'"):
        build("resnt", 9, 32)
