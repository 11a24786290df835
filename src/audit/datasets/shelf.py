"""Find, list and load the bundled data sets."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from audit.datasets.dataset import Dataset
from audit.errors import InputError
from audit.table.wording import nearest_words

_NAMES = (
    "german_credit",
    "taiwan_credit",
    "boston_mortgages",
    "fico_scores",
    "adult_income",
    "compas",
)


def names() -> tuple[str, ...]:
    """Names that `load` takes.

    >>> "taiwan_credit" in names()
    True
    """
    return _NAMES


def load(name: str, *, labels: str | None = None) -> Dataset:
    """Read a bundled data set with its roles and card.

    `labels` is for German Credit only: "corrected" (the default, text after Grömping 2019) or
    "statlog" (the codes as published). Raises `InputError` DAT001 for an unknown name, DAT002
    for unknown labels and DAT003 where the files are not installed.

    >>> boston = load("boston_mortgages")
    >>> len(boston.frame), boston.roles["decision"]
    (1989, 'approve')
    """
    _check(name)
    if labels is not None and not isinstance(labels, str):
        raise InputError(
            "DAT002",
            f"a {type(labels).__name__} names no labels",
            argument="labels",
            fix="give 'corrected' or 'statlog', or leave labels out",
        )
    build = _builder(name)
    if name == "german_credit":
        return build(folder(name), card(name), labels or "corrected")
    if labels is not None:
        raise InputError(
            "DAT002",
            f"{name} has one set of labels only",
            argument="labels",
            fix="leave labels out; it is for german_credit",
        )
    return build(folder(name), card(name))


def card(name: str) -> str:
    """The card of a data set: origin, licence, counts, columns, defects, uses (Markdown).

    Raises `InputError` DAT001 for an unknown name, DAT003 where the files are not installed.

    >>> card("compas").splitlines()[0]
    '# compas: a risk score before trial and two years of records'
    """
    return (folder(name) / "README.md").read_text(encoding="utf-8")


def title(name: str) -> str:
    """What a data set holds, in half a line: the heading of its card.

    >>> title("boston_mortgages")
    'lenders’ decisions on mortgage applications'
    """
    return card(name).splitlines()[0].partition(": ")[2]


def folder(name: str) -> Path:
    """Where a data set's files are: in the installed package, or in a source checkout.

    Raises `InputError` DAT001 for an unknown name, DAT003 where the files are not installed.

    >>> folder("german_credit").name
    'german_credit'
    """
    _check(name)
    here = Path(__file__).resolve()
    shelves = (here.parent / "files", here.parents[3] / "datasets")
    for shelf in shelves:
        if (shelf / name / "README.md").is_file():
            return shelf / name
    raise InputError(
        "DAT003",
        f"the files of {name} are not in {' or '.join(str(s) for s in shelves)}",
        argument="name",
        fix="reinstall the package; its wheel carries the data",
    )


def _check(name: str) -> None:
    if isinstance(name, str) and name in _NAMES:
        return
    near = nearest_words(str(name), _NAMES, most=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise InputError(
        "DAT001",
        f"no bundled data set {name!r}",
        argument="name",
        fix=f"{hint}there are {', '.join(_NAMES)}",
    )


def _builder(name: str) -> Callable[..., Dataset]:
    return cast("Callable[..., Dataset]", import_module(f"audit.datasets.{name}").build)
