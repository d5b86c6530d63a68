"""A page's description is its first paragraph."""

from docutils.core import publish_doctree

from nbsupport.building.sphinx.descriptions import MOST, add_description, description

PAGE = "Title\n=====\n\n.. note::\n   not this\n\nFirst *of* all.\n\nThen more.\n"


def test_a_description_is_the_first_paragraph_of_the_page_itself():
    assert description(publish_doctree(PAGE)) == "First of all."
    assert description(publish_doctree("")) == description(None) == ""


def test_a_long_one_is_cut_at_a_word():
    told = description(publish_doctree("many words " * 60))
    assert len(told) <= MOST + len(" ...")
    assert told.endswith((" many ...", " words ..."))


def test_the_tags_are_escaped_and_what_stood_there_stays():
    context = {"title": 'A "b"', "metatags": "<meta x>"}
    add_description(None, "p", "t", context, publish_doctree('T\n=\n\nSay "it" & <that>.\n'))
    assert context["metatags"].startswith("<meta x>\n")
    assert (
        'name="description" content="Say &quot;it&quot; &amp; &lt;that&gt;."' in context["metatags"]
    )
    bare = {}
    add_description(None, "p", "t", bare, None)
    assert bare == {}
