"""The faults that `mutation.py` puts into the code: each one change of one place in its tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
OPPOSITES = [
    ("min", "max"), ("any", "all"), ("minimum", "maximum"), ("argmin", "argmax"),
    ("floor", "ceil"), ("nanmin", "nanmax"), ("zeros", "ones"), ("left", "right"),
    ("log", "exp"), ("sum", "max"),
]  # fmt: skip
OPPOSITE = dict(OPPOSITES) | {b: a for a, b in OPPOSITES if b != "max"}


EITHER_WAY = ("minimum", "maximum", "fmin", "fmax", "min", "max", "hypot", "union1d", "allclose",
              "isclose", "array_equal", "isinstance", "getattr")  # fmt: skip
"""Functions whose first two arguments may be exchanged, or cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault: where it is, what it changes, and how to make it again."""

    file: str
    line: int
    column: int
    first_line: int
    last_line: int
    scope: str
    """Qualified name of the outermost function it is in (or a default of); empty outside."""
    body: tuple[int, int]
    """First and last line of that function."""
    change: str
    node: int
    option: int

    @property
    def key(self) -> str:
        """Names the fault in a results file."""
        return f"{self.file}:{self.line}:{self.column} {self.change}"


# Faults of one node -----------------------------------------------------------------------------


def _words(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else text[:67] + "..."


def _replace(parent: ast.AST, node: ast.AST, new: ast.AST) -> None:
    ast.copy_location(new, node)
    for name, value in ast.iter_fields(parent):
        if value is node:
            setattr(parent, name, new)
        elif isinstance(value, list):
            for i, one in enumerate(value):
                if one is node:
                    value[i] = new
    ast.fix_missing_locations(parent)


Change = tuple[str, Callable[[], None]]


def changes(node: ast.AST, parent: ast.AST) -> Iterator[Change]:
    """Every fault of this node: what it says in the list, and the change in place."""

    def put(new: ast.AST) -> Callable[[], None]:
        return lambda: _replace(parent, node, new)

    match node:
        case ast.Compare():
            for i, op in enumerate(node.ops):
                for table in (BOUNDARY, NEGATED):
                    if type(op) in table:
                        new = table[type(op)]()
                        after = ast.Compare(node.left, list(node.ops), node.comparators)
                        after.ops[i] = new
                        yield f"{_short(node)} -> {_short(after)}", put(after)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            if not (_words(node.left) or _words(node.right)):
                binary = ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
                yield f"{_short(node)} -> {_short(binary)}", put(binary)
        case ast.AugAssign() if type(node.op) in ARITHMETIC:
            if not _words(node.value):
                add = ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value)
                yield f"{_short(node)} -> {_short(add)}", put(add)
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield (
                f"{_short(node)} -> {_short(ast.BoolOp(other, node.values))}",
                put(ast.BoolOp(other, node.values)),
            )
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield f"{_short(node)} -> {_short(node.operand)}", put(node.operand)
        case ast.Constant(value=bool()) if getattr(parent, "arg", "") != "strict":
            yield f"{node.value} -> {not node.value}", put(ast.Constant(not node.value))
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            for step in (1, -1):
                changed = node.value + step  # type: ignore[operator]
                yield f"{node.value!r} -> {changed!r}", put(ast.Constant(changed))
        case ast.Return(value=ast.expr() as value):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield f"{_short(node)} -> return None", put(ast.Return(ast.Constant(None)))
        case ast.Lambda():
            yield f"{_short(node)} -> None", put(ast.Lambda(node.args, ast.Constant(None)))
        case ast.If() | ast.IfExp():
            for always in (True, False):
                yield (
                    f"if {_short(node.test)} -> {always}",
                    lambda v=always: _replace(node, node.test, ast.Constant(v)),
                )
        case ast.While():
            yield (
                f"while {_short(node.test)} -> False",
                lambda: _replace(node, node.test, ast.Constant(False)),
            )
        case ast.comprehension():
            for test in node.ifs:
                yield (
                    f"if {_short(test)} -> True",
                    lambda t=test: _replace(node, t, ast.Constant(True)),
                )
        case ast.Continue():
            yield "continue -> break", put(ast.Break())
        case ast.Break():
            yield "break -> continue", put(ast.Continue())
        case ast.Raise():
            yield f"{_short(node)} -> pass", put(ast.Pass())
        case ast.Expr(value=ast.Call()):
            yield f"{_short(node)} -> pass", put(ast.Pass())
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield f"{_short(node)} -> pass", put(ast.Pass())
        case ast.Call():
            yield from _call_changes(node)


def _call_changes(node: ast.Call) -> Iterator[Change]:
    match node.args:
        case [ast.expr() as one, ast.expr() as two, *_] if not (
            isinstance(one, ast.Starred)
            or isinstance(two, ast.Starred)
            or ast.dump(one) == ast.dump(two)
            or _short(node.func).split(".")[-1] in EITHER_WAY
        ):

            def swap() -> None:
                node.args[0], node.args[1] = node.args[1], node.args[0]

            yield f"{_short(node)}: first two arguments exchanged", swap
    for keyword in node.keywords:
        if keyword.arg not in (None, "strict") and not _words(keyword.value):
            yield (
                f"{_short(node.func)}(..., {keyword.arg}={_short(keyword.value)}): left out",
                lambda k=keyword: node.keywords.remove(k),
            )
    match node.func:
        case ast.Name(id=name) if name in OPPOSITE:
            yield (
                f"{name} -> {OPPOSITE[name]} in {_short(node)}",
                lambda: setattr(node.func, "id", OPPOSITE[name]),
            )
        case ast.Attribute(attr=name) if name in OPPOSITE:
            yield (
                f"{name} -> {OPPOSITE[name]} in {_short(node)}",
                lambda: setattr(node.func, "attr", OPPOSITE[name]),
            )


# Faults of one file -----------------------------------------------------------------------------


def _typing_only(node: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Import() | ast.ImportFrom():
            return True
    return False


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Children where a fault would be one of behaviour."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "format_spec", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _typing_only(child):
                continue
            yield child


Site = tuple[ast.AST, ast.AST, ast.AST, tuple[str, int, int]]


def _sites(tree: ast.AST) -> Iterator[Site]:
    """Node, parent, the statement that runs it, and the function it is in; always in one order."""

    def walk(
        node: ast.AST, parent: ast.AST, statement: ast.AST, scope: tuple[str, int, int], path: str
    ) -> Iterator[Site]:
        if isinstance(node, ast.stmt):
            statement = node
        yield node, parent, statement, scope
        for child in _children(node):
            inner, to = scope, path
            if isinstance(node, ast.FunctionDef) and not scope[0]:
                name = f"{path}.{node.name}".lstrip(".")
                inner = (name, node.body[0].lineno, node.end_lineno or 0)
            elif isinstance(node, ast.ClassDef):
                to = f"{path}.{node.name}"
            yield from walk(child, node, statement, inner, to)

    for child in _children(tree):
        yield from walk(child, tree, child, ("", 0, 0), "")


def _lines(node: ast.AST, parent: ast.AST, statement: ast.AST) -> tuple[int, int]:
    """The lines one of which runs when the fault does."""
    match statement:
        case ast.If(test=whole) | ast.While(test=whole) | ast.For(iter=whole):
            pass
        case ast.FunctionDef():  # a default: every call of the function may have it
            whole = statement
        case ast.With() | ast.ClassDef() | ast.Try():
            whole = node if hasattr(node, "lineno") else parent
        case _:
            whole = statement
    first = getattr(whole, "lineno", 1)
    return first, getattr(whole, "end_lineno", None) or first


def mutants(file: Path) -> list[Mutant]:
    """Every fault of a file, in the order of its text."""
    found = []
    for index, (node, parent, statement, scope) in enumerate(_sites(ast.parse(file.read_text()))):
        first, last = _lines(node, parent, statement)
        for option, (text, _) in enumerate(changes(node, parent)):
            found.append(
                Mutant(
                    file=str(file.relative_to(ROOT)),
                    line=getattr(node, "lineno", getattr(parent, "lineno", first)),
                    column=getattr(node, "col_offset", 0),
                    first_line=first,
                    last_line=last,
                    scope=scope[0],
                    body=scope[1:],
                    change=text,
                    node=index,
                    option=option,
                )
            )
    return found


def mutated(mutant: Mutant) -> ast.Module:
    """The file's tree with the fault in it."""
    tree = ast.parse((ROOT / mutant.file).read_text())
    for index, (node, parent, _, _) in enumerate(_sites(tree)):
        if index == mutant.node:
            list(changes(node, parent))[mutant.option][1]()
            break
    return ast.fix_missing_locations(tree)
