"""The book in plain text, for language models."""

from nbsupport.analysis import claims
from nbsupport.building.plain_twin import twin
from nbsupport.evidence.ledger import judge_profile
from nbsupport.pages import pages


def test_it_has_every_page_claim_and_verdict():
    text = twin("smoke")
    assert text == twin("demo")  # what is evidence
    for page in pages().values():
        assert f"[{page.title}" in text
    judged = {each.claim.id: each for each in judge_profile("demo")}
    assert judged.keys() == claims.load().keys()
    for name, each in judged.items():
        entry = text[text.index(f"- {each.claim.text} [{name}]") :]
        assert f"verdict: {each.headline.text}\n" in entry[:900]


def test_its_form_is_that_of_llms_txt():
    lines = twin("demo").splitlines()
    assert lines[0].startswith("# ")
    assert lines[2].startswith("> ")
    assert next(line for line in lines if line.startswith("## ")) == "## Pages"
    assert "[How to read the figures](book/how_to_read.html)" in "\n".join(lines)
