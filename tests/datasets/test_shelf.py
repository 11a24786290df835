"""Names, cards and files of the bundled data."""

import gzip
import hashlib
import re

import pandas as pd
import pytest

from audit import datasets
from audit.errors import InputError


def _table(card: str, heading: str) -> list[list[str]]:
    """Rows of the first Markdown table under a heading, its two header lines left out."""
    part = card.split(heading, 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", part, re.M)
    assert lines is not None
    rows = [line.strip().strip("|").split(" | ") for line in lines.group().splitlines()]
    return [[cell.strip() for cell in row] for row in rows[2:]]


@pytest.fixture(scope="module", params=datasets.names())
def dataset(request: pytest.FixtureRequest) -> datasets.Dataset:
    return datasets.load(request.param)


def test_the_promised_names_are_there() -> None:
    """The public contract names six data sets."""
    assert set(datasets.names()) == {
        "german_credit",
        "taiwan_credit",
        "boston_mortgages",
        "fico_scores",
        "adult_income",
        "compas",
    }


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("german", "german_credit"), ("Taiwan-Credit", "taiwan_credit"), ("fico", "fico_scores")],
)
def test_an_unknown_name_is_answered_with_a_near_one(wrong: str, meant: str) -> None:
    """A misspelt name is an error that offers what was meant."""
    with pytest.raises(InputError, match=f"DAT001.*did you mean '{meant}'"):
        datasets.load(wrong)


def test_labels_are_for_german_credit_only() -> None:
    """`labels` chooses between corrected text and published codes, nowhere else."""
    with pytest.raises(InputError, match="DAT002"):
        datasets.load("compas", labels="statlog")
    with pytest.raises(InputError, match="DAT002"):
        datasets.load("german_credit", labels="statlogg")


def test_every_file_is_the_one_in_the_card(dataset: datasets.Dataset) -> None:
    """Size and SHA-256 of each file's content are those the card states, and no file is left."""
    listed = {row[0]: (row[1].replace(",", ""), row[2]) for row in _table(dataset.card, "## Files")}
    folder = datasets.folder(dataset.name)
    found = {}
    for path in folder.iterdir():
        if path.name != "README.md":
            content = path.read_bytes()
            if path.suffix == ".gz":
                assert content[4:8] == b"\0\0\0\0", "a gzip time stamp would change the bytes"
                content = gzip.decompress(content)
            found[path.name] = (str(len(content)), hashlib.sha256(content).hexdigest())
    assert found == listed


def test_every_count_in_the_card_is_the_data_s(dataset: datasets.Dataset) -> None:
    """Each level in the card's table of counts has exactly that many rows, and none is left out."""
    frame = dataset.frame
    rows = frame["count"] if "count" in frame else pd.Series(1, index=frame.index)
    counted: dict[tuple[str, str], int] = {}
    for column in {row[0] for row in _table(dataset.card, "## Counts")}:
        values = frame[column]
        if column == "age":
            values = pd.Series("[26, inf)", index=frame.index).mask(frame["age"] < 26, "(-inf, 26)")
        elif values.dtype.kind == "f":
            values = values.astype("Int64")
        for level, n in rows.groupby(values).sum().items():
            counted[(column, str(level))] = int(n)
    card = {
        (c, level): int(n.replace(",", "")) for c, level, n in _table(dataset.card, "## Counts")
    }
    assert counted == card


def test_the_size_in_the_card_is_the_data_s(dataset: datasets.Dataset) -> None:
    """The sentence above the counts opens with the number of rows (FICO: of people)."""
    first = re.search(r"^([\d,]+) (?:rows|people)", dataset.card.split("## Counts\n")[1], re.M)
    assert first is not None
    size = dataset.frame["count"].sum() if "count" in dataset.frame else len(dataset.frame)
    assert int(first.group(1).replace(",", "")) == size


def test_every_column_has_its_meaning_in_the_card(dataset: datasets.Dataset) -> None:
    """The table of columns names every column of the frame (a run "pay_0, pay_2 … pay_6" too)."""
    named: set[str] = set()
    for row in _table(dataset.card, "## Columns"):
        names = re.findall(r"[a-z_0-9]+", row[0].replace("…", ""))
        named.update(names)
        if "…" in row[0]:
            stem, last = re.fullmatch(r"(.*?)(\d+)", names[-1]).groups()  # type: ignore[union-attr]
            named.update(f"{stem}{i}" for i in range(1, int(last) + 1))
    assert set(dataset.frame.columns) <= named


def test_every_card_says_what_must_be_known(dataset: datasets.Dataset) -> None:
    """Origin, licence, counts, columns, roles, defects, use and sources are in every card."""
    for heading in (
        "## Origin and licence",
        "## Counts",
        "## Columns",
        "## Ready roles",
        "## Known defects",
        "## Use",
        "## Sources",
        "## Files",
    ):
        assert f"\n{heading}\n" in dataset.card
    assert "May be used" in dataset.card
    assert "May not be used" in dataset.card


def test_roles_name_columns_of_the_frame(dataset: datasets.Dataset) -> None:
    """Every role points at a column that is there, and each favourable value occurs in it."""
    roles, frame = dataset.roles, dataset.frame
    columns = [*roles["protected"], *roles.get("bins", {}), *roles["reference"]]
    columns += [roles[k] for k in ("decision", "outcome", "score", "count", "id") if k in roles]
    assert set(columns) <= set(frame.columns)
    for part, value in roles["favorable"].items():
        assert (frame[roles[part]] == value).any()
    for column, level in roles["reference"].items():
        assert column in roles.get("bins", {}) or (frame[column] == level).any()
    assert not frame[roles["protected"]].isna().any(axis=None)


def test_loads_are_independent(dataset: datasets.Dataset) -> None:
    """Changing what one load returned does not change the next."""
    dataset.roles["protected"].append("nonsense")
    try:
        assert "nonsense" not in datasets.load(dataset.name).roles["protected"]
    finally:
        dataset.roles["protected"].remove("nonsense")


def test_undo_is_stated(dataset: datasets.Dataset) -> None:
    """What loading changed in the rows is told in notes, one sentence each."""
    assert all(isinstance(note, str) and note for note in dataset.notes)
