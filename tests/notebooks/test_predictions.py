"""Every guess that a page asks for has a key of its own, and an answer on that very page."""

import ast
import html
import re
from types import SimpleNamespace

import pytest

from nbsupport.display import widgets
from nbsupport.pages import claims, discussion, domain_pairs, pages, published_models
from nbsupport.pages.cells import code_of
from nbsupport.pages.introduction import CHOICES

COMPARED = re.compile(r"compare_prediction\(\s*QUESTION")
ASKED = re.compile(r"predict_first\(|rank_first\(")


class Asked:
    """What a page asks and answers: keys of its guesses, and keys that it compares them under."""

    def __init__(self, page_id: str) -> None:
        sources = code_of(page_id)
        namespace = {"findings": type("", (), {"CHOICES": CHOICES})}
        self.guessed: list[str] = []
        self.answered = {c for c in pages()[page_id].claims if _shows_verdicts(sources)}
        for source in (s for s in sources if ASKED.search(s)):
            exec(source, namespace)
            shown = eval(_last_call(source), namespace)
            self.guessed += re.findall(r'data-prediction="([^"]+)"', shown.html)
        question = namespace.get("QUESTION")
        compared = any(COMPARED.search(source) for source in sources)
        if question and compared:
            self.answered.add(widgets.slug(str(question)))


def _shows_verdicts(sources: list[str]) -> bool:
    return any("page.verdicts(runs)" in source for source in sources)


def _last_call(source: str) -> str:
    """The call that asks, on its own."""
    found = re.search(r"(?:nb\.)?(?:predict_first|rank_first)\(.*\)", source, re.DOTALL)
    assert found
    return found.group()


@pytest.mark.parametrize("page_id", pages())
def test_every_guess_is_answered_on_its_page(page_id):
    asked = Asked(page_id)
    assert set(asked.guessed) <= asked.answered
    text = "\n".join(code_of(page_id))
    assert len(asked.guessed) == len(ASKED.findall(text)), "a question without a key"


def test_no_two_guesses_share_a_key():
    keys = [key for page_id in pages() for key in Asked(page_id).guessed]
    assert len(keys) > 10
    assert sorted(keys) == sorted(set(keys))


def test_the_answer_comes_after_the_question():
    for page_id in pages():
        text = "\n".join(code_of(page_id))
        asked = ASKED.search(text)
        if asked:
            answer = re.search(rf"{COMPARED.pattern}|page\.verdicts\(runs\)", text)
            assert answer, page_id
            assert asked.start() < answer.start(), page_id


ANSWERED = [page_id for page_id in pages() if any("page.answer(" in c for c in code_of(page_id))]


@pytest.mark.parametrize("page_id", ANSWERED)
def test_an_answer_is_one_of_the_options(page_id):
    """What a page calls right is what a reader could have chosen, for a claim of the page."""
    text = "\n".join(code_of(page_id))
    options = {html.unescape(option) for option in re.findall(r'value="([^"]+)"', _asked(page_id))}
    call = re.search(r"page\.answer\(\s*(\"[^\"]+\"),\s*(\{.*?\}),?\s*\)", text, re.DOTALL)
    claim, right = ast.literal_eval(call.group(1)), ast.literal_eval(call.group(2))
    assert claim in pages()[page_id].claims
    assert set(right.values()) <= options


def _asked(page_id: str) -> str:
    namespace: dict = {}
    source = next(s for s in code_of(page_id) if ASKED.search(s))
    exec(source, namespace)
    return eval(_last_call(source), namespace).html


# answers in the words of the question -------------------------------------------------------------
def options_of(page_id: str) -> set[str]:
    """What a reader may choose on a page."""
    return {html.unescape(o) for o in re.findall(r'value="([^"]+)"', _asked(page_id))}


@pytest.mark.parametrize(
    ("page_id", "answers"),
    [
        ("06_discussion", discussion.GUESSES),
        ("appendix_domain_pairs", domain_pairs.GUESSES),
        ("claims", claims.SHARES),
        ("published_models", published_models.CHOICES),
    ],
)
def test_each_option_can_be_the_right_one(page_id, answers):
    assert set(answers) == options_of(page_id)


def about(value: float, half: float = 0.004, margin: float = 0.0125):
    """A contrast with this estimate, half-width and margin; the rest is left out."""
    ends = [(value + shift - half, value + shift + half) for shift in (0, -margin, margin)]
    (low, high), minus, plus = ends
    spans = [SimpleNamespace(low=a, high=b) for a, b in (minus, plus)]
    return SimpleNamespace(low=low, high=high, minus=spans[0], plus=spans[1])


@pytest.mark.parametrize(
    ("number", "shown", "larger", "right"),
    [
        (about(0.05), about(0.02), [about(0.03), about(0.07)], 0),
        (about(0.05), about(0.05), [about(0.0), about(0.1)], None),
        (about(0.02), about(0.02), [about(0.0), about(0.004)], 1),
        (about(0.02), about(0.09), [about(-0.07), about(0.11)], 2),
        (about(0.001), about(-0.002), [about(0.003), about(-0.001)], 3),
        (about(0.01, 0.05), about(0.01, 0.05), [about(0.0, 0.05)] * 2, None),
    ],
)
def test_two_effects_bear_out_one_option_or_none(number, shown, larger, right):
    said = discussion._right_guess(number, shown, larger)
    assert said == ("" if right is None else discussion.GUESSES[right])


@pytest.mark.parametrize(
    ("word", "value", "right"),
    [("supported", 0.05, 1), ("contradicted", 0.05, 2), ("contradicted", 0.002, 0)],
)
def test_pairs_bear_out_none_some_or_all(word, value, right):
    verdict = SimpleNamespace(word=word, contrast=about(value))
    assert domain_pairs._right_guess(verdict) == domain_pairs.GUESSES[right]
    assert domain_pairs._right_guess(SimpleNamespace(word="leans", contrast=about(value))) == ""


@pytest.mark.parametrize(
    ("supported", "settled", "right"),
    [(20, 20, 0), (18, 20, 0), (14, 20, 1), (10, 20, 2), (3, 20, 3), (0, 0, None)],
)
def test_a_share_of_claims_is_one_of_the_options(supported, settled, right):
    said = claims.right_option({"supported": f"{supported}", "settled": f"{settled}"})
    assert said == ("" if right is None else list(claims.SHARES)[right])


def test_the_highest_published_source_is_marked_right():
    right = published_models.right_option("logit")
    assert right in published_models.CHOICES
    assert published_models.answer("logit").startswith(f"{right}: ")
