import re
import shutil
import sys
from pathlib import Path

import pytest

from nbsupport.building.execute import execute_pages, read_sources
from nbsupport.building.render import RenderFailedError, render, render_page
from nbsupport.building.sphinx.mathml import to_mathml
from nbsupport.building.sphinx.reference import lighter, markdown, modules
from nbsupport.errors import UserError
from nbsupport.paths import root

WELCOME = """# Welcome

Inline $x^2$, and

$$
\\mathrm{ER} = y - \\hat y(x)
$$ (eq-er)

which {eq}`eq-er` defines. See {cite:t}`someone2020`.

```{api} nbsupport.errors
```

```{bibliography}
```
"""
BIB = "@article{someone2020, author={One, Some}, title={Title}, journal={J}, year={2020}}\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of two pages, with the project's own settings."""
    static = tmp_path / "book" / "_static"
    (static / "generated").mkdir(parents=True)
    (static / "generated" / "vega-bundle.js").write_text("// empty\n")
    for name in ("book.css", "logo.svg", "favicon.svg", "search_scorer.js"):
        shutil.copy(root() / "book" / "_static" / name, static / name)
    shutil.copy(root() / "_config.yml", tmp_path)
    toc = "format: jb-book\nroot: book/index\nchapters:\n- file: book/sections/page\n"
    (tmp_path / "_toc.yml").write_text(toc)
    (tmp_path / "book" / "index.md").write_text(WELCOME)
    (tmp_path / "book" / "references.bib").write_text(BIB)
    (tmp_path / ".hidden").mkdir()  # as .venv and .pytest_cache, which hold Markdown files
    (tmp_path / ".hidden" / "README.md").write_text("# Not a page\n")
    return tmp_path


def test_a_book_renders_offline_and_only_what_changed_again(book, write_page):
    write_page("page", "print('hello from the kernel')", "raise ValueError('no luck')")
    sections = book / "book" / "sections"
    (result,) = execute_pages(
        read_sources(["page"], book / "notebooks"),
        {"profile": "smoke"},
        sections,
        notebooks=book / "notebooks",
    )
    assert result.error is not None
    first = render(source=book, bundle=False)
    html = {p.stem: p.read_text() for p in (first.parent / "book").rglob("*.html")}
    assert "hello from the kernel" in html["page"]
    assert 'class="admonition error page-error"' in html["page"]
    assert "no luck" in html["page"]
    assert "injected-parameters" not in html["page"]
    assert html["index"].count("<math") == 2
    assert "(1)" in html["index"]
    assert "unknown" in html["index"]  # the documented function
    for page in html.values():
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"([^\"]+)\"", page)
        assert loaded
        assert [a for a in loaded if a.startswith(("http", "//"))] == []
        assert "thebe" not in page.lower()
        assert "mathjax@" not in page.lower()

    before = (first.parent / "book/sections/page.html").stat().st_mtime_ns
    index = book / "book" / "index.md"
    index.write_text(index.read_text().replace("Inline", "Changed"))
    (book / "book/_static/generated/data.csv").write_text("a,b\n")
    render(source=book, bundle=False)
    assert "Changed" in (first.parent / "book/index.html").read_text()
    assert (first.parent / "_static/generated/data.csv").read_text() == "a,b\n"
    assert (first.parent / "book/sections/page.html").stat().st_mtime_ns == before


def test_a_warning_fails_the_build_every_time_until_it_is_mended(book, write_page):
    shutil.copytree(write_page("page", "1").parent, book / "book" / "sections")
    index = book / "book" / "index.md"
    good = index.read_text()
    index.write_text(good + "\n{ref}`nowhere` and $\\nosuchcommand x$\n")
    for _ in range(2):  # the second time no page is new: it must not pass for that
        with pytest.raises(RenderFailedError, match="nowhere") as caught:
            render(source=book, bundle=False)
        assert "nosuchcommand" in str(caught.value)
    index.write_text(good)
    assert render(source=book, bundle=False).is_file()


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("title: Robustness: a course\n", "mapping values are not allowed here"),
        ("sphinx:\n  config:\n    extensions: [nowhere]\n", "nowhere"),
        ("sphinx:\n  config:\n    html_theme: nowhere\n", "nowhere"),
    ],
)
def test_a_renderer_that_ends_at_once_is_told_with_its_log(book, config, told):
    (book / "_config.yml").write_text(config)
    with pytest.raises(RenderFailedError, match=told) as caught:
        render(source=book, bundle=False)
    log = book / "_build" / "jupyter-book.log"
    assert str(log) in str(caught.value)
    assert told in log.read_text()
    assert all(line.strip() for line in str(caught.value).splitlines())


def test_one_page_renders_alone(tmp_path, write_page):
    page = write_page("page", "print('alone')")
    (result,) = execute_pages(
        read_sources(["page"], page.parent),
        {"profile": "smoke"},
        tmp_path / "out",
        notebooks=page.parent,
    )
    html = render_page(result.path, tmp_path / "out")
    assert html.is_relative_to(tmp_path / "out")
    assert "alone" in html.read_text()


def test_out_must_be_what_jupyter_book_can_write(book):
    with pytest.raises(UserError, match="_build"):
        render("elsewhere", source=book, bundle=False)


@pytest.mark.parametrize(
    "latex", [r"\frac{a}{b}", r"\hat{y} = \beta_0", r"\mathrm{ER}(x) \geq 0.25"]
)
def test_formulas_become_mathml(latex):
    assert to_mathml(latex, display=False).startswith("<math")
    assert "\\" not in to_mathml(latex, display=True)


@pytest.mark.parametrize("latex", [r"\nosuchcommand", r"\left( x", r"\begin{matrix"])
def test_broken_formulas_are_errors(latex):
    with pytest.raises(ValueError, match=r"\w"):
        to_mathml(latex, display=False)


def test_the_reference_is_read_without_importing():
    assert "nbsupport.building.render" in dict(modules("nbsupport.building"))
    before = set(sys.modules)
    text = markdown(*modules("nbsupport.errors")[0])
    assert "{py:class} UserError" in text
    assert "{py:function} unknown(kind: str, given: object" in text
    assert not {"torch", "altair"} & (set(sys.modules) - before)
    with pytest.raises(UserError, match="no module"):
        modules("nbsupport.nothing")


def test_a_signature_keeps_its_words_and_links_and_loses_its_spans():
    pre = '<span class="pre">{}</span>'.format
    span = '<span class="{}">{}</span>'.format
    link = f'<a class="reference internal" href="#a.C" title="a.C">{pre("C")}</a>'
    argument = f"{span('n', pre('c'))}{span('p', pre(':'))}{span('w', ' ')}{span('n', link)}"
    dt = (
        f'<dt class="sig sig-object py" id="a.b">{span("sig-name descname", pre("b"))}'
        f"{span('sig-paren', '(')}<em>{argument}</em>{span('sig-paren', ')')}</dt>"
    )
    prose = '<p><span class="pre">kept</span></p>'
    lighter_one = lighter(prose + dt)
    text = re.compile(r"<[^>]*>")
    assert text.sub("", lighter_one) == text.sub("", prose + dt) == "keptb(c: C)"
    assert lighter_one.startswith(prose)
    assert 'href="#a.C"' in lighter_one
    assert len(lighter_one) < len(prose + dt) * 0.55
