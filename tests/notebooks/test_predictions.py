"""Every guess that a page asks for has a key of its own, and an answer on that very page."""

import ast
import html
import re

import pytest

from nbsupport.display import widgets
from nbsupport.pages import pages
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
