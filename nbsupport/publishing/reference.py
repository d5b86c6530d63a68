"""A Sphinx extension: the reference of the package, read from its source without importing it.

`{api} nbsupport.jobs` lists the public functions and classes of a module, or of a package's
modules, with their signatures and docstrings. Importing them instead would load torch.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.errors import UserError
from nbsupport.paths import root

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
    public = [p for p in sorted(path.rglob("*.py")) if not p.stem.startswith("_")]
    return [(".".join(p.relative_to(root()).with_suffix("").parts), p) for p in public]


def markdown(name: str, path: Path) -> str:
    """The MyST text that documents one module: empty where it has nothing public."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    entries = [text for node in tree.body for text in _entry(node, "")]
    if not entries:
        return ""
    intro = ast.get_docstring(tree) or ""
    head = f"::::::{{py:module}} {name}\n::::::\n"
    return "\n".join([head, _prose(intro), "", *entries])


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
    kind = "method" if owner else "function"
    fence = "::::" if owner else ":::::"
    flags = "".join(f":{flag}:\n" for flag in _flags(node))
    head = f"{fence}{{py:{kind}}} {node.name}{_signature(node, owner)}"
    yield f"{head}\n{flags}\n{_prose(doc)}\n{fence}\n"


def _flags(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = {ast.unparse(d) for d in node.decorator_list}
    return [flag for flag in ("classmethod", "staticmethod") if flag in names]


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> str:
    static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
    arguments = ast.parse(ast.unparse(node)).body[0].args  # type: ignore[attr-defined]
    if owner and not static:
        arguments.args = arguments.args[1:]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(arguments)}){returns}"


def _fields(node: ast.ClassDef) -> str:
    """The public annotated fields of a dataclass, as one line of code each."""
    fields = [
        ast.unparse(child)
        for child in node.body
        if isinstance(child, ast.AnnAssign) and not ast.unparse(child.target).startswith("_")
    ]
    return "```python\n" + "\n".join(fields) + "\n```\n" if fields else ""


def _prose(doc: str) -> str:
    """A docstring as Markdown: what is indented is shown as written."""
    return doc.replace("$", r"\$")


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
            found.append(nodes.rubric("", "", nodes.literal(text=name)))
            holder = nodes.container()
            lines = StringList(text.splitlines(), source=str(path))
            self.state.nested_parse(lines, self.content_offset, holder)
            found.extend(holder.children)
        return found


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directive."""
    app.add_directive("api", ApiDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
