"""The same faulty inputs put to ours, fairlearn, AIF360's sklearn API and Aequitas.

    PYTHONPATH=src python bench/faults.py [--python-aequitas PATH] [--write docs/faults.md]

Each input is judged by an exact rational value worked from its rows. An answer is

- right: the exact number (to 1e-9), or nan; ours must warn with it
- refused: an exception, whatever it says
- warned: another number, with any warning
- wrong: another number, or a number that only a guess can give, and not a word
- n/a: the peer has no such argument (a favourable label, weights, several attributes at once)

Aequitas lives in an interpreter of its own; a peer that is missing is named and left out.
AIF360 compares all others pooled with a privileged group: it is judged by its own definition, the
distance from 0 (or 1) of that, and is told the group. `--write` replaces the result table there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import math
import os
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "faults"))
from array_cases import CASES, FUNCTIONS, Case, exact

DIFFERENCE, RATIO, OPPORTUNITY = FUNCTIONS
LETTERS = {"right": "·", "refused": "E", "warned": "w", "wrong": "✗", "n/a": " "}
START, END = "<!-- table: bench/faults.py -->", "<!-- end of table -->"


class NotOfferedError(Exception):
    """The peer has no argument for this."""


def ours(case: Case, function: str) -> float:
    """Our drop-ins."""
    from audit import metrics

    return float(getattr(metrics, function)(**case.call))


def fairlearn(case: Case, function: str) -> float:
    """The same names there; it takes no favourable label."""
    import fairlearn.metrics

    if "pos_label" in case.call:
        raise NotOfferedError
    return float(getattr(fairlearn.metrics, function)(**case.call))


def aif360(case: Case, function: str) -> float:
    """Its sklearn API, told the privileged group (and the favourable label where the case is)."""
    from aif360.sklearn import metrics

    told = {k: np.array(v) if isinstance(v, list) else v for k, v in case.call.items()}
    if getattr(told["sensitive_features"], "ndim", 1) == 2:
        features = told["sensitive_features"]
        told["sensitive_features"] = [features.iloc[:, i].to_numpy() for i in range(2)]
    args = [told.pop("y_true"), told.pop("y_pred")]
    call: dict[str, Any] = {
        "prot_attr": told.pop("sensitive_features"),
        "priv_group": case.reference,
        **told,
    }
    name = {
        DIFFERENCE: "statistical_parity_difference",
        RATIO: "disparate_impact_ratio",
        OPPORTUNITY: "equal_opportunity_difference",
    }[function]
    value = float(getattr(metrics, name)(*args, **call))
    if function != RATIO:
        return abs(value)
    return min(value, 1 / value) if value else 0.0


def aequitas(case: Case, function: str) -> float:
    """Its crosstabs of a frame, as its guide shows; gaps and ratios of the rates it gives."""
    import pandas as pd
    from aequitas.group import Group

    call = case.call
    several = getattr(call["sensitive_features"], "ndim", 1) == 2
    if several or "sample_weight" in call or "pos_label" in call:
        raise NotOfferedError
    frame = pd.DataFrame(
        {"label_value": call["y_true"], "score": call["y_pred"], "g": call["sensitive_features"]}
    )
    rates, _ = Group().get_crosstabs(frame, attr_cols=["g"])
    values = rates["tpr" if function == OPPORTUNITY else "pprev"].to_numpy(dtype=float)
    if not len(values) or np.isnan(values).any():
        return math.nan
    if function == RATIO:
        return float(values.min() / values.max()) if values.max() else math.nan
    return float(values.max() - values.min())


PEERS: dict[str, Callable[[Case, str], float]] = {
    "audit": ours,
    "fairlearn": fairlearn,
    "aif360": aif360,
    "aequitas": aequitas,
}


def meant(case: Case, function: str, peer: str) -> Any:
    """The exact value of what the peer computes."""
    if peer != "aif360" or case.reference not in {row[0] for row in case.meaning}:
        return exact(case, function)
    pooled = tuple(
        (row[0] if row[0] == case.reference else "all others", *row[1:]) for row in case.meaning
    )
    return exact(replace(case, meaning=pooled), function)


def answer(peer: str, case: Case, function: str) -> tuple[str, float | None]:
    """How one call was answered, and with which number."""
    wanted = meant(case, function, peer)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = PEERS[peer](case, function)
        except NotOfferedError:
            return "n/a", None
        except Exception:
            return "refused", None
    if math.isnan(value) and (peer != "audit" or caught):
        return "right", None
    if not isinstance(wanted, str) and abs(value - float(wanted)) < 1e-9:
        return "right", value
    about_data = [w for w in caught if not issubclass(w.category, (FutureWarning, ImportWarning))]
    return ("warned" if about_data else "wrong"), value


def answers(peer: str) -> list[list[tuple[str, float | None]]]:
    """All answers of a peer: by case, by function."""
    logging.disable(logging.CRITICAL)
    quiet = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1)
    sys.stdout.flush()
    os.dup2(quiet, 1)
    try:
        return [[answer(peer, case, function) for function in FUNCTIONS] for case in CASES]
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)


def elsewhere(peer: str, python: str) -> Any:
    """The same in another interpreter; None where it has no such peer."""
    done = subprocess.run(
        [python, __file__, "--only", peer], capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def version(peer: str) -> str:
    """Name and version of an installed peer."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as of

    try:
        return f"{peer} {of('evenhand' if peer == 'audit' else peer)}"
    except PackageNotFoundError:
        return peer


def table(found: dict[str, Any], names: dict[str, str]) -> str:
    """The Markdown table: one row an input, a cell of three answers a peer."""
    head = " | ".join(["fault", "input", *(names[p] for p in found)])
    lines = [f"| {head} |", "|---:|---|" + ":---:|" * len(found)]
    for i, case in enumerate(CASES):
        cells = []
        for peer in found:
            kinds = [kind for kind, _ in found[peer][i]]
            shown = "".join(LETTERS[kind] for kind in kinds)
            numbers = sorted({f"{v:.4g}" for k, v in found[peer][i] if k == "wrong"})
            cells.append(f"{shown} ({', '.join(numbers)})" if numbers else shown.strip() or "n/a")
        lines.append(f"| {case.fault} | {case.name} | {' | '.join(cells)} |")
    silent = {
        peer: [sum(row[k][0] == "wrong" for row in rows) for k in range(3)]
        for peer, rows in found.items()
    }
    offered = {p: sum(row[0][0] != "n/a" for row in rows) for p, rows in found.items()}
    either = {p: sum(any(k == "wrong" for k, _ in row) for row in found[p]) for p in found}
    parity = {p: sum(any(k == "wrong" for k, _ in row[:2]) for row in found[p]) for p in found}
    for title, cells in (
        ("difference, silently wrong", [f"{silent[p][0]} of {offered[p]}" for p in found]),
        ("ratio, silently wrong", [f"{silent[p][1]} of {offered[p]}" for p in found]),
        ("opportunity, silently wrong", [f"{silent[p][2]} of {offered[p]}" for p in found]),
        ("difference or ratio", [f"{parity[p]} of {offered[p]}" for p in found]),
        ("any of the three", [f"**{either[p]} of {offered[p]}**" for p in found]),
    ):
        lines.append(f"| | **{title}** | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run every peer that is there; print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python-aequitas", help="an interpreter that has aequitas")
    parser.add_argument("--write", type=Path, help="a page whose result table is replaced")
    parser.add_argument("--only", choices=PEERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        if importlib.util.find_spec(asked.only) is None:
            sys.exit(1)
        print(json.dumps({"name": version(asked.only), "answers": answers(asked.only)}))
        return
    found, names = {}, {}
    for peer in PEERS:
        if peer == "aequitas" and asked.python_aequitas:
            told = elsewhere(peer, asked.python_aequitas)
            if told:
                found[peer], names[peer] = told["answers"], told["name"]
                continue
        elif importlib.util.find_spec(peer) is not None:
            found[peer], names[peer] = answers(peer), version(peer)
            continue
        print(f"{peer} is not installed here and was left out", file=sys.stderr)
    text = table(found, names)
    print(text)
    for peer, rows in found.items():
        count = Counter(kind for row in rows for kind, _ in row)
        print(f"{names[peer]}: " + ", ".join(f"{n} {kind}" for kind, n in count.items()))
    if asked.write:
        page = asked.write.read_text(encoding="utf-8")
        before, rest = page.split(START)
        after = rest.split(END)[1]
        asked.write.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
