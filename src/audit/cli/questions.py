"""The wizard's questions, in order, each skipped where its answer is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from audit.cli import parse, shell
from audit.cli.asking import ask, bin_labels, level, one_of, say, sounds_like, values_of
from audit.cli.preview import SHOWN, Column, Preview
from audit.cli.screen import table, visible
from audit.cli.settings import SETTINGS
from audit.cli.suggest import closest
from audit.errors import InputError

PROTECTED = (
    "sex",
    "gender",
    "race",
    "ethnicity",
    "ethnic",
    "age",
    "nationality",
    "origin",
    "religion",
    "marital",
    "marriage",
    "disability",
    "foreign",
    "colour",
    "color",
)
DECISION = ("approved", "approve", "decision", "accepted", "accept", "granted", "denied", "action")
OUTCOME = ("repaid", "paid", "outcome", "default", "defaulted", "bad", "good", "label", "target")


class Questions:
    """The questions in order; each is skipped where its answer was given already."""

    def __init__(self, preview: Preview, settings: dict[str, Any]) -> None:
        """Answers are put into `settings`."""
        self.preview, self.settings = preview, settings
        self.number = 0

    def head(self, text: str) -> None:
        """A numbered heading."""
        self.number += 1
        say(f"{self.number}. {text}")

    def column(self, name: str) -> Column:
        """A column that exists; else `InputError` with the one probably meant."""
        found = self.preview.column(name)
        if found is None:
            names = [c.name for c in self.preview.columns]
            near = closest(name, names)
            raise InputError(
                "CLI007",
                f"there is no column {name!r}",
                fix=f"did you mean {near!r}?" if near else "see the table above",
            )
        return found

    def candidates(self, words: Sequence[str]) -> list[str]:
        """Columns whose names sound like these words and play no part yet."""
        used = {self.settings.get(key) for key in ("decision", "outcome", "score", "risk")}
        used |= set(self.settings.get("protected", ()))
        return [
            c.name
            for c in self.preview.columns
            if sounds_like(c.name, words) and c.name not in used and c.distinct > 1
        ]

    def protected(self) -> None:
        """Which columns' groups are compared."""
        if self.settings.get("protected"):
            return
        self.head("Protected attributes: the columns whose groups are compared.")
        found = self.candidates(PROTECTED)
        if found:
            say(f"   By their names these may be: {', '.join(map(visible, found))}.")

        def read(answer: str) -> tuple[str, ...]:
            names = tuple(self.column(n).name for n in parse.split(answer))
            if not names:
                raise InputError("CLI001", "an audit needs at least one")
            return names

        self.settings["protected"] = ask(
            "   Columns, separated by commas",
            read,
            default=",".join(found) or None,
            explain="For example sex, race or age: people in one group of such a column are "
            "compared with people in another.",
        )
        say()

    def _columns(self) -> list[str]:
        """Attributes that are a column each; of others the groups are told already."""
        told = self.settings["protected"]
        return [n for n in told if not (isinstance(told, Mapping) and told[n] != n)]

    def cuts(self) -> None:
        """Where to cut attributes that are numbers with many values."""
        bins = dict(self.settings.get("bins", {}))
        for name in self._columns():
            column = self.column(name)
            if name in bins or not column.numeric or column.distinct <= SHOWN:
                continue
            self.head(
                f"{visible(name)} is a number with {column.distinct:,} values from "
                f"{column.low:g} to {column.high:g}; its groups need cuts."
            )
            say('   26,40,62 makes "(-inf, 26)", "[26, 40)", "[40, 62)" and "[62, inf)".')
            bins[name] = ask(
                f"   Cut {visible(name)} at",
                lambda text: parse.cuts(text, SETTINGS["bins"]),
                explain="Where you cut can change the result, so the cuts stand in the report. For "
                "age, US credit law calls 62 and over elderly; studies often use 25 or 26.",
            )
            say()
        if bins:
            self.settings["bins"] = bins

    def decision(self) -> None:
        """What was decided, or the number and rule behind it."""
        told = ("decision", "outcome", "score", "risk", "amount", "stages", "model")
        if not any(self.settings.get(key) for key in told):
            self.head("The decision: the column that says who was approved.")
            name = self._one(
                DECISION,
                "Column, or - if there is none",
                "What the lender or the model decided about each application. With - "
                "you can give a score instead.",
            )
            say()
            if name is None:
                self._score()
            else:
                self.settings["decision"] = name
        if self.settings.get("decision"):
            self._favorable("decision", "Which value is good for the applicant (approved)")

    def _score(self) -> None:
        self.head("A number behind the decision: a score or a risk, or neither.")
        kind = ask(
            "   score (higher is better), risk (higher is worse) or -",
            one_of("score", "risk"),
            explain="A credit score is a score; a probability of default is a risk. With - "
            "only the outcomes in the data are compared.",
        )
        if kind is not None:
            self.settings[kind] = ask(
                "   Column", lambda t: self._numeric(t).name, explain="A column of numbers."
            )
            column = self._numeric(self.settings[kind])
            sign = "at or above" if kind == "score" else "below"
            cutoff = ask(
                f"   Approve {sign} ({column.low:g} to {column.high:g}), or - for no cut-off",
                lambda t: None if t == "-" else parse.number(t),
                explain="With - the scores themselves are compared and nobody is approved.",
            )
            if cutoff is not None:
                self.settings["cutoff"] = cutoff
        say()

    def _numeric(self, name: str) -> Column:
        column = self.column(name)
        if not column.numeric:
            raise InputError("CLI006", f"{name!r} holds no numbers")
        return column

    def outcome(self, *, optional: bool = True) -> None:
        """What then happened; asked for only where `optional` or nothing else is compared."""
        needed = not any(self.settings.get(k) for k in ("decision", "score", "risk"))
        if not self.settings.get("outcome") and (optional or needed):
            self.head("The outcome: what then happened, such as repaid or defaulted.")
            if not needed:
                say("   Without it approval rates are compared, and errors are not.")
            name = self._one(
                OUTCOME,
                "Column" if needed else "Column, or - if it is not known",
                "Missing values mean that the outcome is not known, as it is for "
                "people who were denied.",
                needed=needed,
            )
            if name is not None:
                self.settings["outcome"] = name
            say()
        if self.settings.get("outcome"):
            self._favorable("outcome", "Which value is the good outcome (repaid, no default)")

    def _one(
        self, words: Sequence[str], question: str, explain: str, *, needed: bool = False
    ) -> str | None:
        found = self.candidates(words)
        if len(found) > 1:
            say(f"   By their names these may be it: {', '.join(map(visible, found))}.")

        def read(answer: str) -> str | None:
            if answer == "-" and not needed:
                return None
            return self.column(answer).name

        default = found[0] if len(found) == 1 else None
        answer: str | None = ask(f"   {question}", read, default=default, explain=explain)
        return answer

    def _favorable(self, part: str, question: str) -> None:
        """Which values are good, which bad, and which neither."""
        column = self.column(self.settings[part])
        told = self._told("favorable", part, column)
        if told is None or column.kind == "boolean":
            return  # a value for every part; and True is favourable by the contract
        if not told:
            self.head(f"{question}?")
            say(table([(level(v), f"{n:,} rows") for v, n in column.values], indent=6))
            told = ask(
                f"   Value of {visible(column.name)} (| between several)",
                values_of(column),
                explain="It is never guessed: in one file 1 means approved or repaid, in "
                "another it means denied or default.",
            )
            self.settings["favorable"] = {**self.settings.get("favorable", {}), part: told}
        others = [v for v in column.levels if v not in told]
        if len(others) > 1 and not self._told("unfavorable", part, column):
            self._unfavorable(part, column, others)
        say()

    def _told(self, key: str, part: str, column: Column) -> tuple[Any, ...] | None:
        """Values said for a part, by its name or its column's; None where said for all parts."""
        given = self.settings.get(key, {})
        if not isinstance(given, Mapping):
            return None
        said = given.get(part, given.get(column.name, ()))
        return tuple(parse.typed(v, column.kind, column.name, key, column.levels) for v in said)

    def _unfavorable(self, part: str, column: Column, others: Sequence[Any]) -> None:
        bad, rest = {
            "decision": ("denials", "undecided"), "outcome": ("bad outcomes", "unknown"),
        }[part]  # fmt: skip
        say(f"   The other values are {', '.join(level(v) for v in others)}.")
        found = ask(
            f"   Which of them are {bad}? The rest will count as {rest} (| between several)",
            values_of(column),
            default=shell.either(others),
            shown="all",
            explain="A withdrawn application is not a denial, a loan still running is no bad "
            "outcome: such rows are counted by group and left out of the rates.",
        )
        self.settings["unfavorable"] = {**self.settings.get("unfavorable", {}), part: found}

    def reference(self) -> None:
        """The group that others are compared with."""
        declared = dict(self.settings.get("reference", {}))
        asked = [n for n in self._columns() if n not in declared]
        if not asked:
            return
        self.head("The reference: the group that the others are compared with.")
        for name in asked:
            column, points = self.column(name), self.settings.get("bins", {}).get(name)
            groups = [f"{level(v)} ({n:,})" for v, n in column.values] if column.listed else []
            if points is not None:
                groups = bin_labels(points)
            if groups:
                say(f"   {visible(name)}: {', '.join(groups)}")
            chosen = ask(
                f"   Reference for {visible(name)}"
                + (" (a number means its bin)" if points else ""),
                self._reference(column, points),
                default="",
                shown="let the policy choose",
                explain="The policies take the largest group, or the one with the highest rate. "
                "Better declare it before you see a result; the report shows both readings.",
            )
            if chosen is not None:
                declared[name] = chosen
        if declared:
            self.settings["reference"] = declared
        say()

    def _reference(self, column: Column, points: Any) -> Callable[[str], Any]:
        def read(answer: str) -> Any:
            if answer == "":
                return None
            if points is None:
                return values_of(column)(answer.replace("|", "\\|"))[0]
            return answer if answer in bin_labels(points) else parse.number(answer)

        return read
