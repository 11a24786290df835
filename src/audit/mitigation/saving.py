"""A candidate as a file: the fitted model and its cut-offs in one skops file, written whole."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.errors import InputError
from audit.mitigation.fitting import told
from audit.table.model_file import untrusted
from audit.table.paths import path_of
from audit.tally.file import replace_file

if TYPE_CHECKING:
    from audit.mitigation.record import Candidate

ENDING = ".skops"
"""Of every file that is written."""

SCHEMA = "schema.json"
"""Where skops describes what a file holds."""

OWN = ("audit.mitigation.deciders", "Decider")
"""Module and class of what is saved: by it a file that `audit` made is known again."""


def save(candidate: Candidate, path: str | Path, *, force: bool = False) -> Path:
    """Write a candidate's `Decider`, cut-offs inside, to a .skops file; returns the path.

    `audit.read(..., model=path)`, `audit.run(..., model=path)` and `audit run --model path` read
    it back, and `predict` then decides by the cut-offs in it. Where a rule needs the group,
    `features` must name the protected column too (`estimator.columns` lists what is read).

    The file is written whole or not at all; missing folders are made. A file that `audit` saved is
    replaced, any other only with `force`; a symbolic link is never written through.

    Raises `InputError`: MIT451 another ending, or no path; MIT452 a candidate without an estimator;
    MIT453 a folder, a link, or a file that `audit` did not make; MIT454 skops is not installed;
    MIT455 skops cannot hold the model; MIT456 it holds types that reading back would refuse;
    MIT457 the place cannot be written to, and the old file is intact.
    """
    target = check(path, force=force)
    estimator = _estimator(candidate)
    data = _dumped(candidate.name, estimator)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, data)
    except OSError as error:
        raise InputError(
            "MIT457", f"cannot write {target}: {error.strerror or error}", argument="path",
            fix="choose a folder that can be written to",
        ) from error  # fmt: skip
    return target


def check(path: str | Path, *, force: bool = False) -> Path:
    """The place of a name; one that `save` would refuse is refused before anything is trained.

    Raises `InputError` MIT451 and MIT453.
    """
    target = path_of(path, "MIT451")
    if target.suffix.lower() != ENDING:
        raise InputError(
            "MIT451", f"{target.name} is no {ENDING} file", argument="path",
            fix=f"name it {target.stem or 'model'}{ENDING}",
        )  # fmt: skip
    _permit(target, force)
    return target


def made_by_audit(path: Path) -> bool:
    """Whether a file is one that `save` wrote: its schema says so. Nothing in it is loaded."""
    try:
        with zipfile.ZipFile(path) as held:
            told_here = json.loads(held.read(SCHEMA))
        return (told_here["__module__"], told_here["__class__"]) == OWN
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile):
        return False
    except (NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile):
        return False  # an encrypted, cut or unknown kind of archive


def _estimator(candidate: Candidate) -> Any:
    from audit.mitigation.deciders import Decider

    estimator = getattr(candidate, "estimator", None)
    if not isinstance(estimator, Decider):
        name = getattr(candidate, "name", type(candidate).__name__)
        raise InputError(
            "MIT452", f"{name} holds no fitted estimator", argument="candidate",
            fix="save a candidate of a comparison that was just made; a report holds numbers only",
        )  # fmt: skip
    return estimator


def _permit(target: Path, force: bool) -> None:
    if target.is_dir():
        raise InputError(
            "MIT453", f"{target} is a folder", argument="path", fix="name a file in it"
        )
    if force:
        return
    if target.is_symlink():
        raise InputError(
            "MIT453", f"{target} is a symbolic link", argument="path",
            fix="name the file itself, or force=True to replace the link",
        )  # fmt: skip
    if target.exists() and not made_by_audit(target):
        raise InputError(
            "MIT453", f"{target} exists and is no model that audit saved", argument="path",
            fix="choose another name, or force=True",
        )  # fmt: skip


def _dumped(name: str, estimator: Any) -> bytes:
    """The estimator as skops writes it, having been read back once."""
    try:
        import skops.io
    except ImportError:
        raise InputError(
            "MIT454", f"writing {ENDING} files needs skops", argument="path",
            fix='pip install "evenhand[models]"',
        ) from None  # fmt: skip
    buffer = io.BytesIO()
    try:
        skops.io.dump(estimator, buffer)
        types = skops.io.get_untrusted_types(data=buffer.getvalue())
        strange = untrusted(types)
        if not strange:
            skops.io.loads(buffer.getvalue(), trusted=types)
    except Exception as problem:
        raise InputError(
            "MIT455", f"{name} cannot be saved by skops: {told(problem)}", argument="candidate",
            fix="keep it in Python, or train it with an estimator of scikit-learn, LightGBM or "
            "XGBoost",
        ) from None  # fmt: skip
    if strange:
        raise InputError(
            "MIT456", f"{name} holds types that are not trusted when it is read back: "
            f"{', '.join(strange[:5])}", argument="candidate",
            fix="skops.io.dump(candidate.estimator, path), and load it yourself in Python",
        )  # fmt: skip
    return buffer.getvalue()
