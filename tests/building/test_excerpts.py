"""The text of a page, as the search shows it from disk."""

from nbsupport.building.sphinx.excerpts import MOST, excerpt

BODY = """<section id="top"><h1>A title<a class="headerlink" href="#top" title="Link">#</a></h1>
<p>One <em>word</em> &amp; more.</p><pre>code()</pre><svg><text>drawn</text></svg>
<section class="x" id="part"><p title="a > b">Two</p><table><tr><td>cell</td></tr></table></section>
<script>var a = "<p>none</p>";</script></section>"""


def test_prose_is_kept_in_its_sections_and_nothing_else():
    assert excerpt(BODY) == (
        '<section id="top"> A title One word &amp; more. '
        '<section id="part"> Two </section> </section>'
    )


def test_of_a_very_long_page_the_beginning_is_kept():
    word = "<p>a word</p>"
    told = excerpt(f"<section id='a'>{word * MOST}</section>")
    assert 0.9 * MOST < len(told) <= MOST
    assert told.endswith(("word", "a"))
