"""The one registry of codes that reading a table can raise or note."""

from __future__ import annotations

from collections.abc import Mapping

from audit.table.roles import Issue

CODES: Mapping[str, str] = {
    # refused: InputError
    "TBL001": "a named column is not there",
    "TBL002": "two columns have one name",
    "TBL003": "there are no rows",
    "TBL004": "one column plays two parts that exclude each other",
    "TBL005": "an argument has the wrong form",
    "TBL006": "this kind of source cannot be read",
    "TBL007": "columns have different lengths",
    "TBL008": "the columns' indexes hold different labels",
    "TBL009": "the columns' indexes repeat labels and differ",
    "TBL010": "cells hold lists, or a column is two-dimensional",
    "TBL011": 'a protected attribute is missing and missing="error"',
    "TBL012": "a column mixes types",
    "TBL013": "dates or times as groups; they need bins",
    "TBL014": "numbers that are not whole as groups; they need bins",
    "TBL015": "too many distinct numbers as groups; they need bins",
    "TBL016": "infinite values",
    "TBL017": "bins have the wrong form",
    "TBL018": "bins on a column that is not numeric",
    "TBL019": "a reference level is not there",
    "TBL020": "protected probabilities are not available yet",
    "TBL021": "text labels without a favourable value",
    "TBL022": "number labels without a favourable value",
    "TBL023": "a favourable or unfavourable value does not occur",
    "TBL024": "numbers that cannot be labels: probabilities, or nearly whole",
    "TBL025": "a third value, neither favourable nor unfavourable",
    "TBL026": "a missing decision",
    "TBL027": "one value is both favourable and unfavourable",
    "TBL028": "a number was told and the column holds text",
    "TBL029": "arguments that cannot be given together, or one that needs another",
    "TBL030": "a missing score where the cut-off decides",
    "TBL031": "an approval rate outside (0, 1]",
    "TBL032": "a column that must be numeric is not",
    "TBL033": "negative weights",
    "TBL034": "missing or infinite weights",
    "TBL035": "weights or counts are all zero",
    "TBL036": "counts that are not whole numbers",
    "TBL037": "the row filter cannot be understood",
    "TBL038": "the row filter compares a column with a value of another type",
    "TBL039": "the row filter leaves no row",
    "TBL040": "a missing decision in a stage that was reached",
    "TBL041": "a missing cluster key",
    "TBL042": "dates as labels",
    # noticed: Issue, with a DataWarning where the severity is "warning"
    "TBL050": "missing values form a group of their own",
    "TBL051": "one group only; nothing can be compared",
    "TBL052": "levels that differ by blanks or case only",
    "TBL053": "spellings of one text (NFC and NFD) were merged",
    "TBL054": "levels with zero-width characters",
    "TBL055": "levels that look alike or mix alphabets",
    "TBL056": "levels with bidirectional control characters",
    "TBL057": "very many levels",
    "TBL058": "declared levels without rows",
    "TBL059": "outcomes are unknown",
    "TBL060": "every row has one decision or outcome",
    "TBL061": "a value was told that does not occur",
    "TBL062": "decisions are undecided",
    "TBL063": "words in a file were read as missing",
    "TBL064": "scores or amounts are missing",
    "TBL065": "few clusters",
    "TBL066": "row identities repeat",
    "TBL067": "the row filter took rows out",
    "TBL068": "columns were aligned by their index",
    "TBL070": "sex is not recoverable from this column",
    "TBL071": "foreign_worker is reversed in the usual code book",
    # files
    "TBL101": "CSV and Parquet files are mixed",
    "TBL102": "a file of unknown kind",
    "TBL103": "no file was found",
    "TBL104": "a file or address cannot be opened",
    "TBL105": "a file is truncated or damaged",
    "TBL106": "text in another encoding",
    "TBL107": "a NUL byte",
    "TBL108": "a file without rows",
    "TBL109": "an unknown encoding",
    "TBL110": "files have different columns",
    "TBL111": "two columns in a file have one name",
    "TBL112": "a CSV that cannot be parsed",
    "TBL113": "a Parquet file that cannot be decoded",
    "TBL114": "an implausibly large Parquet file",
}
"""What each code means. Codes are stable and never reused."""


def warning(code: str, column: str | None, message: str, fix: str) -> Issue:
    """An issue that is also emitted as a `DataWarning`."""
    return Issue(code=code, severity="warning", column=column, message=message, fix=fix)


def note(code: str, column: str | None, message: str, fix: str) -> Issue:
    """An issue that is only listed."""
    return Issue(code=code, severity="note", column=column, message=message, fix=fix)
