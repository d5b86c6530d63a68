"""References have no role that does not fit what is in them."""

from nbsupport.building.sphinx.citation_roles import without_roles

ENTRY = '<div class="citation" id="id1"{}><span>[1]</span> A paper.</div>'
BODY = '<p role="note">a</p><div role="list" class="citation-list">{}</div>'


def test_a_list_of_references_is_plain_text_and_the_rest_stays():
    given = BODY.format(ENTRY.format(' role="doc-biblioentry"'))
    told = without_roles(given)
    assert told == BODY.replace(' role="list"', "").format(ENTRY.format(""))
    assert without_roles(told) == told
