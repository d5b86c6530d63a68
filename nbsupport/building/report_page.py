"""The reproducibility report as an HTML document of its own, to print on one sheet."""

TITLE = "Reproducibility report"
_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222832; }}
body {{ font: 15px/1.4 system-ui, sans-serif; }}
h1 {{ font-size: 1.5rem; }}
h2 {{ font-size: 1.05rem; margin: 0.9rem 0 0.2rem; }}
p, ul {{ margin: 0.2rem 0; }}
table {{ border-collapse: collapse; font-size: 0.85rem; }}
th, td {{ padding: 0.1rem 0.6rem; border-bottom: 1px solid #dfe3e8; text-align: left; }}
@page {{ margin: 14mm; }}
@media print {{ body {{ margin: 0; font-size: 10px; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}</body>
</html>
"""


def document(markdown: str) -> str:
    """An HTML document of the report's Markdown; nothing in it is fetched."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark").enable("table").render(markdown)
    return _DOCUMENT.format(title=TITLE, body=body)
