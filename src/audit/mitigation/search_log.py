"""The log of a search: one JSON object a line, so that a killed search goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.errors import InputError
from audit.table.wording import listed, shown

if TYPE_CHECKING:
    from audit.mitigation.people import People

FORM = "audit.search/1"
"""What the first line says the file is."""

NAN = float("nan")

TRIED, FAILED, REPEATED = "tried", "failed", "repeated"
"""States of a trial; one that repeats another is answered by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One alternative that a search tried, judged on the selection people."""

    number: int
    """Of the trial, from 0."""
    place: Mapping[str, Any]
    """Where it lies in the space, as the sampler has it."""
    settings: Mapping[str, Any]
    """What it does unlike the baseline."""
    words: str
    """The same in a sentence."""
    state: str
    """"tried", "failed" or "repeated"."""
    reason: str = ""
    """Why it failed, or which trial it repeats."""
    start: str = ""
    """Why it was tried, where it is a starting point; the sampler proposed the others."""
    utility: float = NAN
    """On the selection people."""
    disparity: float = NAN
    """Likewise."""
    utility_change: float = NAN
    """Against the baseline, in the utility's own direction."""
    utility_error: float = NAN
    """Standard error of that paired difference."""
    disparity_change: float = NAN
    """Against the baseline."""
    disparity_error: float = NAN
    """Standard error of that paired difference."""
    notes: tuple[str, ...] = field(default=())
    """What training warned of."""

    @property
    def works(self) -> bool:
        """Whether it gave a model with numbers."""
        return self.state != FAILED


class Log:
    """A file of trials, or none: trials are then kept in memory alone."""

    def __init__(self, path: Path | None, identity: Mapping[str, Any], *, resume: bool) -> None:
        """Open the file, or begin it.

        Raises `InputError` MIT505 for a file that is no such log, or is damaged; MIT506 for the log
        of another search; MIT507 where it exists and `resume` is False; MIT508 where it cannot be
        read or written.
        """
        self.path = path
        self.before: tuple[Tried, ...] = ()
        self.confirmed: tuple[Mapping[str, Any], ...] = ()
        if path is None:
            return
        try:
            if path.exists():
                if not resume:
                    raise InputError(
                        "MIT507", f"{path} exists", argument="log",
                        fix="resume=True goes on with it; else name another file",
                    )  # fmt: skip
                self._read(path, identity)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._write({"form": FORM, **identity})
        except OSError as error:
            raise self._unwritable(error) from None

    def add(self, trial: Tried) -> None:
        """One more line."""
        self._write(asdict(trial))

    def end(self, told: Mapping[str, Any]) -> None:
        """Say that the confirmation people were looked at, and what came of it."""
        self._write({"confirmed": dict(told)})

    def _write(self, told: Mapping[str, Any]) -> None:
        if self.path is None:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(told, default=str) + "\n")
        except OSError as error:
            raise self._unwritable(error) from None

    def _read(self, path: Path, identity: Mapping[str, Any]) -> None:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        rows = []
        try:
            rows = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
        except ValueError:
            raise _foreign(path, f"line {len(rows) + 1} is damaged") from None
        if not rows and not data:
            self._write({"form": FORM, **identity})
            return
        if not rows or not isinstance(rows[0], dict) or rows[0].get("form") != FORM:
            raise _foreign(path, "it does not begin as one")
        apart = [
            name for name, value in identity.items()
            if rows[0].get(name) != json.loads(json.dumps(value, default=str))
        ]  # fmt: skip
        if apart:
            raise InputError(
                "MIT506", f"{path} is the log of another search: {listed(apart)} differ",
                argument="log", fix="name another file, or give the same arguments and data",
            )  # fmt: skip
        names = {f.name for f in fields(Tried)}
        found: list[Tried] = []
        for row in rows[1:]:
            if "confirmed" in row:
                self.confirmed = (*self.confirmed, row["confirmed"])
                continue
            if not names <= set(row) or row["number"] != len(found):
                raise _foreign(path, f"trial {shown(row.get('number'))} is out of its order")
            own = {name: row[name] for name in names}
            found.append(Tried(**own | {"notes": tuple(row["notes"])}))
        self.before = tuple(found)
        if len(whole) < len(data):  # the line at which it was killed
            with path.open("r+b") as file:
                file.truncate(len(whole))

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(
            "MIT508", f"cannot use {self.path}: {error.strerror or error}", argument="log",
            fix="name a file in a folder that can be written to",
        )  # fmt: skip


def _foreign(path: Path, why: str) -> InputError:
    return InputError(
        "MIT505", f"{path} is no log of a search: {why}", argument="log", fix="name another file"
    )


def data_hash(who: People) -> str:
    """Of what is learned from: inputs, outcomes, groups and weights, rows in their order."""
    from audit.mitigation.deciders import row_hashes

    seal = hashlib.sha256(repr([who.features, who.labels, dict(who.levels)]).encode())
    seal.update(row_hashes(who.frame).tobytes())
    seal.update(who.outcome.tobytes() + who.mass.tobytes())
    for name in sorted(who.codes):
        seal.update(name.encode() + who.codes[name].tobytes())
    return seal.hexdigest()[:16]


def estimator_words(estimator: Any) -> str:
    """An estimator with all its settings, without addresses in memory."""
    params = estimator.get_params(deep=True)
    told = {n: _plain(v) for n, v in sorted(params.items())}
    return f"{type(estimator).__name__}({', '.join(f'{n}={v}' for n, v in told.items())})"


def _plain(value: Any) -> str:
    if hasattr(value, "get_params"):
        return type(value).__name__
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_plain(v) for v in value)}]"
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    return repr(value)
