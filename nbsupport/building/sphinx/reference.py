"""A Sphinx extension: the reference of the package, read from its source without importing it.

`{api} nbsupport.jobs` lists the public functions and classes of a module, or of a package's
modules, with their signatures and docstrings. Importing them instead would load torch.
"""

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.building.sphinx.markdown import parsed
from nbsupport.errors import UserError
from nbsupport.paths import root

FLAGS = {"classmethod", "staticmethod"}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def modules(name: str) -> list[tuple[str, Path]]:
    """The module `name`, or the package with its public modules: dotted names and source files.

    Raises UserError where there is no such module.
    """
    path = root().joinpath(*name.split("."))
    if path.with_suffix(".py").is_file():
        return [(name, path.with_suffix(".py"))]
    if not path.is_dir():
        raise UserError(f"no module {name!r} in the project: name one below nbsupport/")
    public = (p for p in sorted(path.rglob("*.py")) if p.stem.strip("_") in ("init", p.stem))
    return [(_dotted(p.relative_to(root())), p) for p in public]


def _dotted(path: Path) -> str:
    """The name of a module, or of the package whose `__init__` it is."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def markdown(name: str, path: Path) -> str:
    """The MyST text that documents one module: empty where it has nothing public."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    entries = [text for node in tree.body for text in _entry(node, "")]
    if not entries:
        return ""
    first, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
    title = f"`{name}` {' '.join(first.split())}"
    head = f":::::::{{dropdown}} {title}\n::::::{{py:module}} {name}\n::::::\n"
    return "\n".join([head, _prose(rest), "", *entries, ":::::::"])


def _entry(node: ast.stmt, owner: str) -> Iterator[str]:
    """One documented function, or class with its methods."""
    if not isinstance(node, Definition) or node.name.startswith("_"):
        return
    doc = ast.get_docstring(node)
    if not doc:
        return
    if isinstance(node, ast.ClassDef):
        inside = "\n".join(text for child in node.body for text in _entry(child, node.name))
        yield f":::::{{py:class}} {node.name}\n{_prose(doc)}\n\n{_fields(node)}\n{inside}\n:::::\n"
        return
    fence = "::::" if owner else ":::::"
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    if decorators & {"property", "cached_property", "functools.cached_property"}:
        kind, signature = "property", node.name
        flags = f":type: {_unquoted(node.returns)}\n" if node.returns else ""
    else:
        kind, signature = ("method" if owner else "function"), node.name + _signature(node, owner)
        flags = "".join(f":{flag}:\n" for flag in sorted(decorators & FLAGS))
    yield f"{fence}{{py:{kind}}} {signature}\n{flags}\n{_prose(doc)}\n{fence}\n"


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> str:
    static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
    arguments = copy.deepcopy(node.args)
    if owner and not static:
        arguments.args = arguments.args[1:]
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg) and argument.annotation:
            argument.annotation = ast.Name(_unquoted(argument.annotation))
    returns = f" -> {_unquoted(node.returns)}" if node.returns else ""
    return f"({ast.unparse(arguments)}){returns}"


def _unquoted(annotation: ast.expr) -> str:
    """An annotation as text, without the quotes of a name that is imported late."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation)


def _fields(node: ast.ClassDef) -> str:
    """The public annotated fields of a dataclass, as one line of code each."""
    fields = [
        ast.unparse(child)
        for child in node.body
        if isinstance(child, ast.AnnAssign) and not ast.unparse(child.target).startswith("_")
    ]
    return "```python\n" + "\n".join(fields) + "\n```\n" if fields else ""


def _prose(doc: str) -> str:
    """A docstring as Markdown: code and what is indented stay, other signs are plain text."""
    return "\n".join(
        line if line.startswith("    ") else _escape(line) for line in doc.splitlines()
    )


def _escape(line: str) -> str:
    parts = line.split("`")
    parts[::2] = [re.sub(r"([<$*_\[\]{])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


# The page of the reference has two thousand signatures. Each sign of one in a span of its own, for
# colours that no theme here gives, was a third of its 2.3 MB.
SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)
TOKEN = re.compile(
    r'<span class="(?:pre|[nopw]|nb|s1|s2|mi|mf|kc|default_value|sig-paren|sig-return-icon)">'
    r"([^<]*)</span>"
)
TITLE = re.compile(r'(<a class="reference internal"[^>]*) title="[^"]*"')


def lighter(body: str) -> str:
    """The body of a page whose signatures have no span for a single sign."""
    return SIGNATURE.sub(lambda found: _unwrapped(found[0]), body)


def _unwrapped(signature: str) -> str:
    text = TITLE.sub(r"\1", signature)
    while (fewer := TOKEN.sub(r"\1", text)) != text:  # they stand in one another
        text = fewer
    return text


def lighten(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Make the page of the reference lighter."""
    if body := context.get("body"):
        context["body"] = lighter(body)


class ApiDirective(SphinxDirective):
    """`{api} module`: parses what `markdown` wrote."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The documentation of the module, or of each of a package's modules under its name."""
        found: list[nodes.Node] = []
        try:
            listed = modules(self.arguments[0])
        except UserError as error:
            raise self.error(str(error)) from error
        for name, path in listed:
            text = markdown(name, path)
            if not text:
                continue
            self.env.note_dependency(str(path))
            found.extend(parsed(self, text, str(path)))
        return found


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directive, and what makes its page lighter."""
    app.add_directive("api", ApiDirective)
    app.connect("html-page-context", lighten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
