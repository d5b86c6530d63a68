"""The prompts of generated images: eighty, ours, and a function of seed, class and number."""

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from nbsupport.data.prompts import TEMPLATES, image_seed, prompt

SEEDS = st.integers(0, 2**31)
WNIDS = st.from_regex(r"n\d{8}", fullmatch=True)


def test_there_are_eighty_and_each_names_the_class_once() -> None:
    assert len(TEMPLATES) == len({t.lower() for t in TEMPLATES}) == 80
    for template in TEMPLATES:
        assert template.count("{}") == 1
        assert template.isascii()
        assert len(template) < 80  # with the class well below the 77 tokens of a text encoder
        assert not re.search(r"\b(a|an) \{\}", template)  # an axolotl, a tench


@settings(max_examples=25, deadline=None)
@given(SEEDS, WNIDS, st.integers(0, 10**6))
def test_eighty_images_in_a_row_use_each_template_once(seed: int, wnid: str, first: int) -> None:
    made = {prompt(seed, wnid, first + k, "tench") for k in range(80)}
    assert made == {template.replace("{}", "tench") for template in TEMPLATES}


@settings(max_examples=25, deadline=None)
@given(SEEDS, WNIDS, st.integers(0, 10**6))
def test_a_prompt_and_its_noise_are_the_same_each_time(seed: int, wnid: str, number: int) -> None:
    assert prompt(seed, wnid, number, "tench") == prompt(seed, wnid, number, "tench")
    assert image_seed(seed, wnid, number) == image_seed(seed, wnid, number)
    assert 0 <= image_seed(seed, wnid, number) < 2**63


def test_no_two_images_start_from_the_same_noise() -> None:
    seeds = Counter(
        image_seed(seed, f"n{label:08d}", number, attempt)
        for seed in range(2)
        for label in range(30)
        for number in range(30)
        for attempt in range(3)
    )
    assert set(seeds.values()) == {1}


def test_classes_and_seeds_begin_at_different_templates() -> None:
    firsts = {prompt(0, f"n{label:08d}", 0, "tench") for label in range(200)}
    assert len(firsts) > 60
    assert len({prompt(seed, "n01440764", 0, "tench") for seed in range(200)}) > 60


def test_the_prompts_of_version_1_do_not_change() -> None:
    """Raise VERSION where they do: a folder of generated images refuses to mix versions."""
    assert prompt(0, "n01440764", 0, "tench") == "tench, scanned from a printed page"
    assert image_seed(0, "n01440764", 0) == 7_390_033_601_736_643_928
