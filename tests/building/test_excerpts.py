"""The text of a page, as the search shows it from disk."""

from nbsupport.building.sphinx.excerpts import excerpt

BODY = """<section id="top"><h1>A title<a class="headerlink" href="#top" title="Link">#</a></h1>
<p>One <em>word</em> &amp; more.</p><pre>code()</pre><svg><text>drawn</text></svg>
<section class="x" id="part"><p title="a > b">Two</p><table><tr><td>cell</td></tr></table></section>
<script>var a = "<p>none</p>";</script></section>"""


def test_prose_is_kept_in_its_sections_and_nothing_else():
    assert excerpt(BODY) == (
        '<section id="top"> A title One word &amp; more. '
        '<section id="part"> Two </section> </section>'
    )
