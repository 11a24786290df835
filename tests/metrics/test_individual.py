"""Individual fairness: the point itself stays out, the protected column too, flips are counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from metric_cases import quiet
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from audit import metrics
from audit.errors import InputError
from audit.inference import rate_interval
from audit.metrics.individual import _wilson

RNG = np.random.default_rng(3)
X = RNG.normal(size=(300, 4))
NOISE = RNG.integers(0, 2, 300)


def test_noise_is_not_consistent() -> None:
    """Decisions by coin: half of the neighbours agree. AIF360 counts the row itself among its
    five neighbours, and so says .6 of pure noise: 1 − ½·4/5."""
    ours = metrics.consistency(X, NOISE)
    with quiet():
        from aif360.sklearn.metrics import consistency_score

        theirs = float(consistency_score(X, NOISE, n_neighbors=5))
    assert ours == pytest.approx(0.5, abs=0.05)
    assert theirs == pytest.approx(0.6, abs=0.05)


def test_aif360_without_the_row_itself() -> None:
    """Asked for one neighbour more and the row's own agreement taken off, AIF360 says the same."""
    with quiet():
        from aif360.sklearn.metrics import consistency_score

        theirs = float(consistency_score(X, NOISE, n_neighbors=6))
    ours = metrics.consistency(X, NOISE, n_neighbors=5, scale=False)
    assert 1 - ours == pytest.approx((1 - theirs) * 6 / 5, rel=1e-12)


def test_protected_columns_do_not_decide_who_is_alike() -> None:
    """Decided by sex alone among like incomes: inconsistent, however far apart the sexes stand."""
    income = np.repeat(np.arange(40.0), 2)
    sex = np.tile([0.0, 1000.0], 40)
    frame = pd.DataFrame({"income": income, "sex": sex})
    decision = (sex > 0).astype(int)
    blind = metrics.consistency(frame, decision, protected="sex", n_neighbors=1)
    seeing = metrics.consistency(frame, decision, n_neighbors=1, scale=False)
    assert blind == 0.0
    assert seeing == 1.0


def test_units_do_not_decide_who_is_alike() -> None:
    """Income in cents or in thousands gives one number."""
    one = metrics.consistency(X, NOISE)
    scaled = X * np.array([1e6, 1e-3, 1.0, 7.0])
    assert metrics.consistency(scaled, NOISE) == pytest.approx(one, rel=1e-12)


def test_every_library_gives_one_number() -> None:
    """pandas, polars, pyarrow, a dict and numpy; categories become coordinates."""
    data = {"a": X[:, 0], "b": NOISE.astype(float), "c": [str(i % 3) for i in range(300)]}
    found = {
        metrics.consistency(source, NOISE, n_neighbors=3)
        for source in (data, pd.DataFrame(data), pl.DataFrame(data), pa.table(data))
    }
    assert len(found) == 1


BAD = {
    "TBL520": ((np.zeros((5, 2)), [1, 0, 1, 0, 1]), {"protected": [0, 1]}),
    "TBL521": ((pd.DataFrame({"a": [1.0, np.nan, 3.0]}), [1, 0, 1]), {"n_neighbors": 1}),
    "TBL522": (({"id": [str(i) for i in range(201)]}, [1] * 200 + [0]), {}),
    "TBL523": ((np.zeros((5, 2)), [1, 0]), {"n_neighbors": 1}),
    "TBL525": ((np.zeros((5, 2)), [1, 0, 1, 0, 1]), {"n_neighbors": 5}),
}


@pytest.mark.parametrize("code", BAD)
def test_what_has_no_distance_is_refused(code: str) -> None:
    """Never dropped, never guessed."""
    args, kwargs = BAD[code]
    with pytest.raises(InputError, match=code):
        metrics.consistency(*args, **kwargs)


def test_other_order_is_refused() -> None:
    """Decisions indexed otherwise than features are not matched by position."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="TBL524"):
        metrics.consistency(frame, pd.Series([1, 0, 1], index=[2, 1, 0]), n_neighbors=1)


def people(rows: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "income": rng.normal(size=rows),
            "sex": pd.Categorical(rng.choice(["f", "m"], rows)),
        }
    )


class Lender:
    """Approves where income reaches a bar that is one higher for women."""

    def __init__(self) -> None:
        self.calls = 0

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        self.calls += len(frame)
        assert str(frame["sex"].dtype) == "category"
        bar = np.where(frame["sex"] == "f", 0.5, -0.5)
        return (frame["income"].to_numpy() >= bar).astype(int)


def test_flips_are_counted_by_hand() -> None:
    """Who stands between the bars is decided by sex: the women gain, the men lose."""
    frame, lender = people(), Lender()
    before = frame.copy(deep=True)
    found = metrics.flip_rate(lender, frame, "sex")
    between = frame["income"].between(-0.5, 0.5, inclusive="left")
    assert found.changed == int(between.sum())
    assert found.value == pytest.approx(between.mean())
    women = next(c for c in found.changes if c.was == "f")
    men = next(c for c in found.changes if c.was == "m")
    assert (women.gained, women.lost) == (int((between & (frame["sex"] == "f")).sum()), 0)
    assert (men.gained, men.lost) == (0, int((between & (frame["sex"] == "m")).sum()))
    assert lender.calls == 2 * len(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(("x", "n"), [(0, 10), (3, 10), (10, 10), (17, 2000)])
def test_interval_is_wilsons(x: int, n: int) -> None:
    """The same as `audit.inference.rate_interval`, a layer above."""
    low, high = rate_interval(x, n)
    assert _wilson(x, n, 0.95) == pytest.approx((float(low), float(high)), abs=1e-12)


def test_a_model_with_a_cutoff() -> None:
    """P(unfavourable) below the cut-off approves, by `classes_`; a blind model never flips."""
    frame = pd.DataFrame({"income": X[:, 0], "woman": NOISE})
    outcome = (X[:, 0] - NOISE + RNG.normal(size=300) < 0).astype(int)  # 1 is a default
    model = LogisticRegression().fit(frame, outcome)
    found = metrics.flip_rate(model, frame, "woman", cutoff=0.4, favorable=0)
    risk = model.predict_proba(frame)[:, 1]
    other = model.predict_proba(frame.assign(woman=1 - frame["woman"]))[:, 1]
    assert found.value == pytest.approx(np.mean((risk < 0.4) != (other < 0.4)))
    blind = metrics.flip_rate(lambda f: f["income"] > 0, frame, "woman")
    assert (blind.value, blind.low) == (0.0, 0.0)
    assert blind.high > 0


def test_arrays_and_missing_attributes() -> None:
    """Columns of an array have numbers; people without the attribute are left out, counted."""
    found = metrics.flip_rate(lambda a: a[:, 0] - a[:, 1] > 0, np.c_[X[:, 0], NOISE], 1)
    assert found.rows == 300
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0], "sex": ["f", "m", None]})
    found = metrics.flip_rate(lambda f: (f["sex"] == "m").to_numpy(), frame, "sex")
    assert (found.rows, found.changed, found.unknown) == (2, 2, 1)


def test_what_cannot_be_flipped_is_refused() -> None:
    """No such column, one level only, too many levels, no model, a wrong level."""
    frame = people()
    with pytest.raises(InputError, match="TBL520"):
        metrics.flip_rate(Lender(), frame, "age")
    with pytest.raises(InputError, match="TBL526"):
        metrics.flip_rate(Lender(), frame[frame["sex"] == "f"], "sex")
    with pytest.raises(InputError, match="TBL526"):
        metrics.flip_rate(Lender(), frame, "income")
    with pytest.raises(InputError, match="TBL527"):
        metrics.flip_rate(object(), frame, "sex")
    model = LogisticRegression().fit(frame[["income"]], frame["sex"])
    with pytest.raises(InputError, match="TBL125"):
        metrics.flip_rate(model, frame, "sex", cutoff=0.5)
    with pytest.raises(InputError, match="MET033"):
        metrics.flip_rate(Lender(), frame, "sex", level=95.0)


def test_flip_test_is_clarifys() -> None:
    """(flips up − flips down) / rows of the group, by sklearn's nearest neighbours of the
    reference, as smclarify 0.5 computes FT."""
    group = np.where(RNG.random(300) < 0.4, "f", "m")
    knn = KNeighborsClassifier(n_neighbors=5).fit(X[group == "m"], NOISE[group == "m"])
    said, model = knn.predict(X[group == "f"]), NOISE[group == "f"]
    theirs = ((model > said).sum() - (model < said).sum()) / (group == "f").sum()
    ours = metrics.flip_test(X, NOISE, sensitive_features=group, reference="m", scale=False)
    assert ours == pytest.approx(theirs, rel=1e-12)
    with pytest.raises(InputError, match="MET009"):
        metrics.flip_test(X, NOISE, sensitive_features=group, reference="x")
