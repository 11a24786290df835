"""Every setting of an audit, once: its name, how it is written, and what it means.

The command-line options, the keys of `audit.toml`, the equivalent command and the documentation
are all made from this one list, so that they cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass


class Raw(str):
    """A value typed in the shell, not yet read in its column's own type."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: an option of the command line and a key of the configuration file."""

    key: str
    """Its name in Python and in `audit.toml`."""
    kind: str
    """How it is written: "column", "columns", "attributes", "number", "integer", "cuts",
    "value", "values", "levels", "ordered", "directions", "text", "choice", "switch", "file" or
    "files"."""
    section: str
    """Heading in `--help`."""
    verb: str
    """Who takes it: "read", "model" (how it is loaded and asked), "run", "explain", "write" or
    "exit"."""
    help: str
    """One line in plain words."""
    metavar: str
    """Placeholder in `--help`."""
    example: str
    """How it might be written in the shell."""
    toml: str
    """How it might be written in `audit.toml`."""
    choices: tuple[str, ...] = ()
    """Allowed words."""
    short: str | None = None
    """Short option."""
    default: str | None = None
    """What applies where nothing is said."""

    @property
    def flag(self) -> str:
        """The option's name: "approval_rate" is `--approval-rate`."""
        return "--" + self.key.replace("_", "-")


WHO = "Who and what is compared"
RULE = "How people are decided on"
ROWS = "Rows"
JUDGE = "How it is judged"
OUT = "Reports and exit code"

_LIST = (
    # key, kind, section, verb, metavar, example, toml, help
    ("protected", "attributes", WHO, "read", "A,B", "sex,age", '["sex", "age"]',
     "Columns whose groups are compared; race:White=is_white where each group has a column."),
    ("bins", "cuts", WHO, "read", "A=26,40", "age=26,40,62", "{ age = [26, 40, 62] }",
     "Where to cut a numeric column into groups: (-inf, 26), [26, 40), [40, inf)."),
    ("reference", "levels", WHO, "read", "A=LEVEL", "sex=male", '{ sex = "male" }',
     "The group others are compared with; a number means the bin that holds it."),
    ("strata", "columns", WHO, "read", "A,B", "purpose", '["purpose"]',
     "Legitimate factors to condition on."),
    ("decision", "column", WHO, "read", "COLUMN", "approved", '"approved"',
     "What the lender or model decided."),
    ("outcome", "column", WHO, "read", "COLUMN", "repaid", '"repaid"',
     "What then happened; missing means unknown."),
    ("favorable", "values", WHO, "read", "PART=VALUE", "decision=1,outcome=1",
     "{ decision = 1, outcome = 1 }",
     "Values that favour the applicant, in the decision and in the outcome."),
    ("unfavorable", "values", WHO, "read", "PART=VALUE", "decision=3", "{ decision = 3 }",
     "Values against the applicant; once given, other decisions count as undecided."),
    ("levels", "ordered", WHO, "read", "A|B|C", "A|B|C|D", '["A", "B", "C", "D"]',
     "Every value of a decision that has several, in order; each is shown by group."),
    ("score", "column", RULE, "read", "COLUMN", "score", '"score"',
     "A number behind the decision, higher is better for the applicant."),
    ("risk", "column", RULE, "read", "COLUMN", "pd", '"pd"',
     "A number behind the decision, higher is worse."),
    ("cutoff", "number", RULE, "read", "NUMBER", "0.15", "0.15",
     "Approve at score >= NUMBER, or risk < NUMBER."),
    ("approval_rate", "number", RULE, "read", "SHARE", "0.6", "0.6",
     "Instead of a cut-off: the strictest one approving at least this share."),
    ("model", "file", RULE, "model", "FILE", "model.skops", '"model.skops"',
     "A model that decides: .skops, .onnx, LightGBM's .txt, XGBoost's .json or .ubj."),
    ("returns", "value", RULE, "model", "VALUE", "1", "1",
     "The outcome value that a booster gives the probability of."),
    ("allow_pickle", "text", RULE, "model", "SHA256", "9f86d081...", '"9f86d081..."',
     "Load this very pickle or joblib file, which can run any code: you trust its author."),
    ("model_seconds", "number", RULE, "model", "N", "60", "60",
     "Give up on a model whose answer takes longer than N seconds."),
    ("features", "columns", RULE, "read", "A,B", "income,debt", '["income", "debt"]',
     "The model's inputs, in order."),
    ("amount", "directions", RULE, "read", "A=higher", "limit=higher", '{ limit = "higher" }',
     "A continuous decision, and whether higher or lower favours the applicant."),
    ("stages", "columns", RULE, "read", "A,B", "knockout,final", '["knockout", "model", "final"]',
     "Ordered decision columns; each is audited among those who reached it."),
    ("where", "text", ROWS, "read", "FILTER", "product == 'card'", "\"product == 'card'\"",
     "Audit only these rows; the others are counted."),
    ("missing", "choice", ROWS, "read", "", "group", '"group"',
     "A missing protected value: a group of its own, or an error. Rows are never dropped."),
    ("weight", "column", ROWS, "read", "COLUMN", "weight", '"weight"',
     "Sampling weight; scaling it changes nothing."),
    ("count", "column", ROWS, "read", "COLUMN", "n", '"n"',
     "Frequency: identical to repeating the row."),
    ("cluster", "column", ROWS, "read", "COLUMN", "applicant", '"applicant"',
     "Key of rows that belong to one applicant."),
    ("id", "column", ROWS, "read", "COLUMN", "loan_id", '"loan_id"', "Row identity."),
    ("time", "column", ROWS, "read", "COLUMN", "decided_on", '"decided_on"',
     "Time of the decision."),
    ("encoding", "text", ROWS, "read", "NAME", "latin-1", '"latin-1"',
     "Encoding of a CSV file that is not UTF-8."),
    ("policy", "text", JUDGE, "run", "NAME", "us-credit", '"us-credit"',
     "The plan of comparisons and lines: see `audit policies`."),
    ("intersections", "integer", JUDGE, "run", "N", "2", "2",
     "How many attributes are crossed."),
    ("level", "number", JUDGE, "run", "SHARE", "0.95", "0.95",
     "Confidence level of the intervals."),
    ("min_rows", "integer", JUDGE, "run", "N", "30", "30",
     "Smaller groups are explored only: shown, perhaps for review, never passed."),
    ("explain", "switch", JUDGE, "explain", "", "", "true",
     "Split the model's score gap by feature; look for proxies and direct use."),
    ("seed", "integer", JUDGE, "run", "N", "0", "0", "Of every random step."),
    ("output", "files", OUT, "write", "FILE", "reports/loans.html",
     '["reports/loans.html", "reports/loans.json"]',
     "Write a report, by suffix: .html .json .md .csv .xlsx .junit.xml. Repeatable."),
    ("charts", "choice", OUT, "write", "", "inline", '"inline"',
     "Charts' script: inside the page, left out, or one file shared by many reports."),
    ("stamp", "switch", OUT, "write", "", "", "true",
     "Print the time of the run in the report (it then differs from run to run)."),
    ("fail_on", "choice", OUT, "exit", "", "fail", '"fail"',
     "Exit 1 when the verdict is at or above this."),
    ("strict", "switch", OUT, "exit", "", "", "true",
     "Exit 3 when the verdict is insufficient."),
)  # fmt: skip

_DEFAULTS = {
    "missing": "group", "policy": "us-credit", "intersections": "2", "level": "0.95",
    "min_rows": "30", "model_seconds": "600", "seed": "0", "charts": "inline", "fail_on": "fail",
}  # fmt: skip

_CHOICES = {
    "missing": ("group", "error"),
    "charts": ("inline", "none", "shared"),
    "fail_on": ("fail", "review", "insufficient", "pass", "never"),
}

SETTINGS: dict[str, Setting] = {
    key: Setting(
        key=key, kind=kind, section=section, verb=verb, metavar=metavar, example=example,
        toml=toml, help=text, choices=_CHOICES.get(key, ()), short={"output": "-o"}.get(key),
        default=_DEFAULTS.get(key),
    )
    for key, kind, section, verb, metavar, example, toml, text in _LIST
}  # fmt: skip
"""By key, in the order of `--help` and of `audit.toml`."""


def taken_by(*verbs: str) -> tuple[str, ...]:
    """Keys of the settings that these verbs take.

    >>> taken_by("exit")
    ('fail_on', 'strict')
    """
    return tuple(key for key, setting in SETTINGS.items() if setting.verb in verbs)
