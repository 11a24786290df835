"""Models from files: skops with types that are known; a pickle only where it is vouched for.

skops lists the types a file holds before anything is built; only those of the libraries named here
are accepted, and this project's own models with their cut-offs inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from audit.errors import InputError
from audit.table.booster_file import LIGHTGBM, XGBOOST, read_booster
from audit.table.model_trial import not_installed, out_of_memory, try_load
from audit.table.onnx_model import read_onnx
from audit.table.pickled_model import is_pickle, load_pickle

TRUSTED = ("sklearn.",)
"""Beginnings of type names accepted beside those that skops itself knows to be harmless."""

NAMED = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "numpy.dtype",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)
"""Other types accepted by their whole name: data, and boosters that are rebuilt from their text."""

OURS = (
    "audit.mitigation.coarse.Coarse",
    "audit.mitigation.deciders.Changed",
    "audit.mitigation.deciders.Cut",
    "audit.mitigation.deciders.Decider",
    "audit.mitigation.deciders.Grouping",
    "audit.mitigation.deciders.Plain",
    "audit.mitigation.decorrelating.Decorrelated",
    "audit.mitigation.decorrelating.Encoded",
    "audit.mitigation.group_rules.BaseRateLots",
    "audit.mitigation.group_rules.FlippedLots",
    "audit.mitigation.group_rules.GroupCut",
    "audit.mitigation.group_rules.GroupLots",
    "audit.mitigation.group_rules.RejectBand",
    "audit.mitigation.logistic_adversary.LogisticAdversary",
    "audit.mitigation.mixtures.Always",
    "audit.mitigation.mixtures.Mixture",
    "audit.mitigation.mixtures.Vote",
    "audit.mitigation.network.Network",
    "audit.mitigation.repairing.Repair",
    "audit.mitigation.reshaping.Reshaped",
    "audit.mitigation.unaware.Held",
)
"""This project's own, each by its whole name: models with cut-offs, and what they hold."""

REFUSED = ("sklearn.datasets.", "sklearn.externals.", "sklearn.utils.")
"""Beginnings that are not, although they lie inside a trusted library: they reach further."""


KNOWN = (".skops", *LIGHTGBM, *XGBOOST, ".onnx")
"""Endings of the files that are read."""


def load_model(path: str | Path, *, allow_pickle: str | None = None) -> Any:
    """The model in a file: skops, ONNX, a booster's, or a pickle whose SHA-256 is `allow_pickle`.

    Raises `InputError`: TBL140 no such file, TBL141 a pickle that is not allowed, TBL142 another
    kind of file, TBL143 its library is not installed, TBL144 types that are not trusted, TBL145 a
    damaged file, TBL146 one that in a child process takes too much memory or time, or ends it.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(
            "TBL140", f"no such file: {str(path)!r}", argument="model", fix="check the path"
        )
    ending = file.suffix.lower()
    if is_pickle(file):
        return load_pickle(file, allow_pickle)
    if allow_pickle is not None:
        raise InputError(
            "TBL141",
            f"{file.name} is no pickle, and nothing has to be allowed for it",
            argument="allow_pickle",
            fix="leave it out",
        )
    if ending not in KNOWN:
        raise InputError(
            "TBL142",
            f"{file.name} is not a model file that is known here: {' '.join(KNOWN)}",
            argument="model",
            fix="skops.io.dump(model, 'model.skops')",
        )
    try_load(file)
    try:
        return read_model(file)
    except MemoryError:
        raise InputError(
            "TBL146",
            f"{file.name} needs more memory than there is",
            argument="model",
            fix="free some memory first",
        ) from None


def read_model(file: Path) -> Any:
    """The model in a file of a known kind, loaded in this process.

    Raises `InputError` TBL143, TBL144, TBL145 and `MemoryError`.
    """
    try:
        if file.suffix.lower() == ".skops":
            return _read_skops(file)
        if file.suffix.lower() == ".onnx":
            return read_onnx(file)
        return read_booster(file)
    except InputError:
        raise
    except Exception as problem:
        if out_of_memory(problem):
            raise MemoryError from None
        raise InputError(
            "TBL145",
            f"{file.name} cannot be read as a {file.suffix.lower()} model: "
            f"{type(problem).__name__}: {str(problem)[:300]}",
            argument="model",
            fix="save it anew",
        ) from None


def untrusted(types: Iterable[str]) -> list[str]:
    """Types that are not accepted, by name, of those that skops does not know to be harmless.

    >>> untrusted(["sklearn.linear_model._logistic.LogisticRegression", "os.system"])
    ['os.system']
    """
    return sorted(
        t
        for t in types
        if t not in NAMED and t not in OURS and (not t.startswith(TRUSTED) or t.startswith(REFUSED))
    )


def _read_skops(file: Path) -> Any:
    try:
        import skops.io
    except ImportError as problem:
        raise not_installed(problem, ".skops", "skops", "models") from None
    types = skops.io.get_untrusted_types(file=file)
    strange = untrusted(types)
    if strange:
        raise InputError(
            "TBL144",
            f"{file.name} holds types that are not trusted: {', '.join(strange[:5])}",
            argument="model",
            fix="load it yourself in Python and pass model=",
        )
    return skops.io.load(file, trusted=types)
