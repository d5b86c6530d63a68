"""No table of the book has a header without a name."""

from types import SimpleNamespace

import pandas as pd

from nbsupport.building.sphinx.table_corners import mend_corners, without_empty_headers

TABLE = pd.DataFrame({"a": [1], "b": [2]}).to_html()


def test_the_corner_of_a_table_is_a_cell_and_other_headers_stay():
    assert "<th></th>" in TABLE
    mended = without_empty_headers(TABLE + '<th scope="col"> </th>')
    assert mended.count("<td></td>") == 2
    assert "<th></th>" not in mended
    assert "<th>a</th>" in mended
    assert mended.count("<th>") == TABLE.count("<th>") - 1


def test_a_page_is_mended_and_one_without_a_body_left():
    context = {"body": TABLE}
    mend_corners(SimpleNamespace(), "page", "page.html", context, None)
    assert context["body"] == without_empty_headers(TABLE)
    bare: dict[str, str] = {}
    mend_corners(SimpleNamespace(), "search", "page.html", bare, None)
    assert bare == {}
