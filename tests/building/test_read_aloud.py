"""What a screen reader would read out wrongly is mended on every page, and nothing else is."""

from types import SimpleNamespace

import pandas as pd

from nbsupport.building.sphinx.read_aloud import mend, mended

TABLE = pd.DataFrame({"a": [1], "b": [2]}).to_html()
ENTRY = '<div class="citation" id="id1"{}><span>[1]</span> A paper.</div>'
REFERENCES = '<p role="note">a</p><div role="list" class="citation-list">{}</div>'


def test_the_corner_of_a_table_is_a_cell_and_other_headers_stay():
    assert "<th></th>" in TABLE
    told = mended(TABLE + '<th scope="col"> </th><th class="head"><p></p></th>')
    assert told.count("<td></td>") == 3
    assert "<th></th>" not in told
    assert "<th>a</th>" in told
    assert told.count("<th>") == TABLE.count("<th>") - 1


def test_a_list_of_references_is_plain_text_and_the_rest_stays():
    told = mended(REFERENCES.format(ENTRY.format(' role="doc-biblioentry"')))
    assert told == REFERENCES.replace(' role="list"', "").format(ENTRY.format(""))
    assert mended(told) == told


def test_a_page_is_mended_and_one_without_a_body_left():
    context = {"body": TABLE}
    mend(SimpleNamespace(), "page", "page.html", context, None)
    assert context["body"] == mended(TABLE)
    bare: dict[str, str] = {}
    mend(SimpleNamespace(), "search", "page.html", bare, None)
    assert bare == {}
