"""Roles: one parser, one table of sources."""

import math

import pytest

from nbsupport.analysis.roles import SOURCES, amount, in_order, matching, role_of


@pytest.mark.parametrize(
    ("text", "source", "step", "value"),
    [
        ("scratch", "scratch", "scratch", ""),
        ("imagenet/full", "imagenet", "full", ""),
        ("imagenet/25K", "imagenet", "", "25K"),
        ("imagenet/1,000 images", "imagenet", "", "1,000"),
        ("imagenet/depth-7", "imagenet", "depth", "7"),
        ("imagenet/classes-many-300K", "imagenet", "classes-many", "300K"),
        ("imagenet/object+animal-1.1%", "imagenet", "object+animal", "1.1%"),
        ("captions/clean-25K", "captions", "clean", "25K"),
        ("control/full-again", "control", "full-again", ""),
        ("no-gap/scratch", "no-gap", "scratch", ""),
        ("pair-3/full", "pair", "full", ""),
        ("mine", "mine", "mine", ""),
        ("five images", "five images", "five images", ""),
    ],
)
def test_a_role_is_taken_apart(text, source, step, value):
    role = role_of(text)
    assert (role.text, role.source.name, role.step, role.value) == (text, source, step, value)
    assert role.is_amount is bool(value)


def test_a_pair_is_numbered():
    assert role_of("pair-3/full").number == 3
    assert role_of("pair-three/full").source.name == "pair-three"


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        ("full", "all 1,000 images"),
        ("25K", "1,000 images (25K)"),
        ("depth-7", "200 labels (depth 7)"),
        ("classes-many-60K", "200 classes x 5"),
        ("images-many-60K", "200 classes x 5"),
        ("within-0.33", "p = 0.33"),
        ("object", "200 object classes"),
        ("object+animal-1.1%", "objects, 1.1% animals"),
        ("repeated-25K", "one image of each class (25K)"),
        ("clean-25K", "1,000 clean pairs"),
        ("noisy", "all 1,000 noisy pairs"),
        ("scratch", "from scratch"),
        ("noise", "1,000 images (noise)"),
    ],
)
def test_a_role_reads_as_what_it_is(rest, text):
    assert role_of(f"imagenet/{rest}").short(1000, 200) == text


def test_beside_other_sources_a_role_names_its_own():
    assert role_of("imagenet/depth-7").long() == "ImageNet, depth 7"
    assert role_of("imagenet/full").long(imagenet="Tiny-ImageNet") == "Tiny-ImageNet, full"
    assert role_of("fractaldb/full").long() == "fractals, full"
    assert role_of("scratch").long() == "from scratch"
    assert role_of("mine").long() == "mine"
    assert role_of("captions/clean").short(0, 0) == "captions, clean"  # published by others


def test_a_value_is_a_number():
    assert [amount(v) for v in ("25K", "1M", "0.33", "1,000")] == [25e3, 1e6, 0.33, 1e3]
    assert amount("1.1%") == pytest.approx(0.011)
    assert math.isnan(amount("many"))


def test_figures_run_from_the_full_source_to_scratch():
    roles = ["scratch", "imagenet/25K", "imagenet/full", "imagenet/5K", "scratch"]
    assert in_order(roles) == ["imagenet/full", "imagenet/25K", "imagenet/5K", "scratch"]
    assert matching(roles, "imagenet/*K", "scratch") == ["imagenet/25K", "imagenet/5K"]


def test_a_role_is_of_its_source_and_of_a_part_of_it():
    role = role_of("captions/clean-25K")
    assert [role.belongs(s) for s in ("captions", "captions/clean", None)] == [True] * 3
    assert not role.belongs("captions/noisy")
    assert not role.belongs("cap")


def test_names_and_colours_tell_sources_apart():
    assert len({source.label for source in SOURCES.values()}) == len(SOURCES)
    drawn = [source.colour for source in SOURCES.values() if not source.own_task]
    assert len(set(drawn)) == len(drawn)
    assert SOURCES["imagenet"].stand_in == "ImageNet stand-in"
    assert SOURCES["fractaldb"].stand_in == "fractals"


def test_roles_are_read_without_pandas_and_torch():
    import subprocess
    import sys

    code = (
        "import sys; from nbsupport.analysis import roles;"
        "print([m for m in ('pandas', 'numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_beside_other_sources_no_role_is_a_word_of_the_code():
    said = {
        text: role_of(text).long() for text in ("imagenet/classes-many-60K", "imagenet/depth-7")
    }
    assert said["imagenet/classes-many-60K"] == "ImageNet, many classes, 60K"
    assert said["imagenet/depth-7"] == "ImageNet, depth 7"
    assert (
        role_of("imagenet/images-many-300K").long() == "ImageNet, many images of each class, 300K"
    )
    assert role_of("inaturalist/within-0.67").long() == "iNaturalist, p = 0.67"
