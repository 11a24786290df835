"""Tree SHAP against shap, the libraries' own contributions, and all subsets by brute force."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import InputError
from audit.explanation import tree_blocks
from audit.explanation.ensemble import Ensemble
from audit.explanation.tree_models import read_ensemble
from audit.explanation.tree_tables import by_background, tabled
from audit.explanation.trees import output, shap_values

ROWS = 300


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """OpenMP threads wait for one another on a busy machine; these models are tiny."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def numbers(missing: bool = False) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    rows = generator.normal(size=(ROWS, 5))
    label = (rows[:, 0] + rows[:, 1] * rows[:, 2] + generator.normal(size=ROWS) > 0).astype(int)
    if missing:
        rows[generator.random(rows.shape) < 0.15] = np.nan
        rows[generator.random(rows.shape) < 0.1] = 0.0
    return rows, label


def categories() -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "income": generator.normal(size=ROWS),
            "purpose": pd.Categorical(generator.choice(list("zyxwvu"), ROWS)),
            "debt": generator.normal(size=ROWS),
            "region": pd.Categorical(generator.choice(["n", "s", "e"], ROWS)),
        }
    )
    frame.loc[::9, "income"] = np.nan
    frame.loc[::11, "purpose"] = None
    odd = frame["purpose"].isin(["z", "w", "u"]).to_numpy() ^ (frame["debt"].to_numpy() > 0)
    return frame, (odd ^ (generator.random(ROWS) < 0.1)).astype(int)


def shap_itself() -> Any:
    """shap, whose own import of matplotlib warns."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    return shap


def models() -> dict[str, Any]:
    from sklearn import ensemble as e
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    return {
        "tree": DecisionTreeClassifier(max_depth=5, random_state=0),
        "tree output": DecisionTreeRegressor(random_state=0),
        "forest": e.RandomForestClassifier(8, random_state=0),
        "forest output": e.RandomForestRegressor(5, max_depth=6, random_state=0),
        "extra": e.ExtraTreesClassifier(4, random_state=0),
        "extra output": e.ExtraTreesRegressor(3, max_depth=8, random_state=0),
        "boosted": e.GradientBoostingClassifier(n_estimators=15, random_state=0),
        "boosted output": e.GradientBoostingRegressor(n_estimators=15, random_state=0),
        "histogram": e.HistGradientBoostingClassifier(max_iter=15, min_samples_leaf=5),
        "histogram output": e.HistGradientBoostingRegressor(max_iter=15, loss="absolute_error"),
    }


def lightgbm(**more: Any) -> Any:
    pytest.importorskip("lightgbm")
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=15, min_child_samples=5, verbose=-1, n_jobs=1, **more)


def xgboost(**more: Any) -> Any:
    pytest.importorskip("xgboost")
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=15, max_depth=4, n_jobs=1, **more)


def read(model: Any, rows: Any) -> tuple[Ensemble, np.ndarray]:
    found = read_ensemble(model)
    assert found is not None
    ensemble, encode = found
    return ensemble, encode(rows)


def raw(model: Any, rows: Any, scale: str) -> np.ndarray:
    if scale == "probability":
        return model.predict_proba(rows)[:, 1]
    if scale == "output":
        return model.predict(rows)
    if hasattr(model, "decision_function"):
        return model.decision_function(rows)
    if hasattr(model, "get_booster"):
        return model.predict(rows, output_margin=True)
    return model.predict(rows, raw_score=True)


def all_subsets(game: Any, players: int) -> np.ndarray:
    """Shapley values by definition; `game` takes a tuple of flags, present or not."""
    worth = {s: game(tuple(bool(s >> j & 1) for j in range(players))) for s in range(1 << players)}
    found = np.zeros((players, *np.shape(worth[0])))
    for player in range(players):
        for s in range(1 << players):
            if not s >> player & 1:
                size = s.bit_count()
                weight = math.factorial(size) * math.factorial(players - 1 - size)
                gain = worth[s | 1 << player] - worth[s]
                found[player] += weight / math.factorial(players) * gain
    return found.T


def interventional(predict: Any, rows: np.ndarray, background: np.ndarray, player: Any) -> Any:
    """Mean prediction when present players' columns are the row's, all others the background's."""
    names = np.asarray(player)

    def game(present: tuple[bool, ...]) -> np.ndarray:
        own = np.asarray(present)[names]
        mixed = np.where(own, rows[:, None, :], background)
        return predict(mixed.reshape(-1, rows.shape[1])).reshape(len(rows), -1).mean(axis=1)

    return game


@pytest.mark.parametrize("name", sorted(models()))
def test_scikit_learn_trees_equal_shap(name: str) -> None:
    """Output is the model's own, and path-dependent values are shap's, to 1e-9.

    shap works interventional values out partly in float32, so it agrees to 1e-6 only (and is not
    asked about trees that round rows to float32, where its ties go the other way); brute force
    below is exact.
    """
    shap = shap_itself()
    rows, label = numbers()
    rows = rows.astype(np.float32).astype(np.float64)
    model = models()[name].fit(rows, label)
    ensemble, encoded = read(model, rows)
    np.testing.assert_allclose(
        output(ensemble, encoded), raw(model, rows, ensemble.scale), atol=1e-12
    )
    few = encoded[:20]
    values, base = shap_values(ensemble, few)
    np.testing.assert_allclose(base + values.sum(axis=1), output(ensemble, few), atol=1e-11)
    theirs = shap.TreeExplainer(model).shap_values(few, check_additivity=False)
    np.testing.assert_allclose(values, theirs[..., 1] if theirs.ndim == 3 else theirs, atol=1e-9)
    values, base = shap_values(ensemble, few, background=encoded[:50])
    np.testing.assert_allclose(base + values.sum(axis=1), output(ensemble, few), atol=1e-11)
    explainer = shap.TreeExplainer(model, encoded[:50], feature_perturbation="interventional")
    theirs = explainer.shap_values(few, check_additivity=False)
    np.testing.assert_allclose(values, theirs[..., 1] if theirs.ndim == 3 else theirs, atol=1e-6)


@pytest.mark.parametrize("name", ["forest output", "boosted", "histogram"])
def test_interventional_values_are_brute_forces(name: str) -> None:
    """Averaged over all background rows, by the model's own predictions on every subset."""
    rows, label = numbers()
    model = models()[name].fit(rows, label)
    ensemble, encoded = read(model, rows)
    values, _ = shap_values(ensemble, encoded[:3], background=encoded[:40])
    game = interventional(
        lambda r: raw(model, r, ensemble.scale), rows[:3], rows[:40], np.arange(5)
    )
    np.testing.assert_allclose(values, all_subsets(game, 5), atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"zero_as_missing": True}, {"use_missing": False}])
def test_lightgbm_equals_its_own_contributions(options: dict[str, Any]) -> None:
    """Missing values as nan, zeros as missing, and nan read as zero."""
    rows, label = numbers(missing=True)
    model = lightgbm(**options).fit(rows, label)
    for one in (model, model.booster_):
        ensemble, encoded = read(one, rows)
        values, base = shap_values(ensemble, encoded[:50])
        theirs = model.booster_.predict(rows[:50], pred_contrib=True)
        np.testing.assert_allclose(values, theirs[:, :-1], atol=1e-9)
        assert base == pytest.approx(theirs[0, -1], abs=1e-9)
        np.testing.assert_allclose(
            output(ensemble, encoded), raw(model, rows, "log-odds"), atol=1e-11
        )


@pytest.mark.parametrize(
    "options", [{}, {"booster": "dart", "rate_drop": 0.3}, {"missing": 0.0}, {"base_score": 0.2}]
)
def test_xgboost_equals_its_own_contributions(options: dict[str, Any]) -> None:
    """In float32, so to 1e-4; dropped trees weighted, `missing` values read as nan."""
    import xgboost as library

    rows, label = numbers(missing=True)
    model = xgboost(**options).fit(rows, label)
    ensemble, encoded = read(model, rows)
    values, _ = shap_values(ensemble, encoded[:50])
    matrix = library.DMatrix(rows[:50], missing=options.get("missing", np.nan))
    theirs = model.get_booster().predict(matrix, pred_contribs=True)
    np.testing.assert_allclose(values, theirs[:, :-1], atol=1e-4)
    own = raw(model, rows, "log-odds")
    np.testing.assert_allclose(output(ensemble, encoded), own, atol=1e-4)


def test_native_categories_are_routed_as_each_library_does() -> None:
    """Shuffled frame levels, missing and (where predict takes them) unknown categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame, label = categories()
    other = frame.assign(purpose=frame["purpose"].cat.reorder_categories(list("wzuxvy")))
    unknown = frame.assign(
        purpose=pd.Categorical(np.where(np.arange(ROWS) % 5 == 0, "q", frame["purpose"]))
    )
    histogram = HistGradientBoostingClassifier(max_iter=15, categorical_features="from_dtype")
    for model, frames in (
        (histogram, (frame, other, unknown)),
        (lightgbm(min_data_per_group=5, cat_smooth=1), (frame, other, unknown)),
        (xgboost(enable_categorical=True), (frame, other)),
        (xgboost(enable_categorical=True, max_cat_to_onehot=9), (frame,)),
    ):
        model.fit(frame, label)
        for given_frame in frames:
            ensemble, encoded = read(model, given_frame)
            assert ensemble.sets
            own = raw(model, given_frame, "log-odds")
            tolerance = 1e-4 if ensemble.single else 1e-11  # XGBoost sums in float32
            np.testing.assert_allclose(output(ensemble, encoded), own, atol=tolerance)
    ensemble, encoded = read(model, frame)
    values, _ = shap_values(ensemble, encoded)
    import xgboost as library

    theirs = model.get_booster().predict(
        library.DMatrix(frame, enable_categorical=True), pred_contribs=True
    )
    np.testing.assert_allclose(values, theirs[:, :-1], atol=1e-4)


def test_natively_categorical_histogram_boosting_is_right_where_shap_is_not() -> None:
    """Brute force over all subsets, by the model's own predictions, is ours to 1e-12.

    shap's path-dependent values differ from ours, which add up, by more than 0.1 log-odds.
    """
    shap = shap_itself()
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame, label = categories()
    codes = frame.assign(**{n: frame[n].cat.codes.astype(float) for n in ("purpose", "region")})
    codes = codes.replace(-1.0, np.nan).to_numpy()
    model = HistGradientBoostingClassifier(
        max_iter=8, categorical_features=[1, 3], min_samples_leaf=5
    ).fit(codes, label)
    ensemble, encoded = read(model, codes)
    few, background = codes[:6], codes[:30]
    values, base = shap_values(ensemble, encoded[:6], background=encoded[:30])
    game = interventional(model.decision_function, few, background, np.arange(4))
    np.testing.assert_allclose(values, all_subsets(game, 4), atol=1e-12)
    np.testing.assert_allclose(base + values.sum(axis=1), model.decision_function(few), atol=1e-12)
    values, _ = shap_values(ensemble, encoded[:6])
    theirs = shap.TreeExplainer(model).shap_values(few, check_additivity=False)
    assert np.abs(values - theirs).max() > 0.1


@pytest.mark.parametrize("name", ["forest", "histogram"])
def test_players_of_several_columns_move_together(name: str) -> None:
    """Grouped values are the grouped game's, by brute force, not sums of the columns' own."""
    rows, label = numbers()
    model = models()[name].fit(rows, label)
    ensemble, encoded = read(model, rows)
    player = np.array([0, 1, 1, 2, 0])
    values, base = shap_values(ensemble, encoded[:3], background=encoded[:30], player=player)
    game = interventional(lambda r: raw(model, r, ensemble.scale), rows[:3], rows[:30], player)
    np.testing.assert_allclose(values, all_subsets(game, 3), atol=1e-12)
    own = output(ensemble, encoded[:3])
    np.testing.assert_allclose(base + values.sum(axis=1), own, atol=1e-12)
    values, base = shap_values(ensemble, encoded[:3], player=player, players=4)
    np.testing.assert_allclose(base + values.sum(axis=1), own, atol=1e-12)
    assert values.shape == (3, 4)
    assert not values[:, 3].any()


@st.composite
def grown(draw: st.DrawFn) -> Ensemble:
    """Two small trees with random splits, covers and missing directions."""
    found: dict[str, list[Any]] = {
        n: [] for n in ("left", "right", "column", "threshold", "missing_left", "value", "cover")
    }
    roots = []

    def node(depth: int, cover: int) -> int:
        number = len(found["left"])
        split = depth > 0 and cover > 1 and draw(st.booleans())
        for name, value in (
            ("left", -1),
            ("right", -1),
            ("column", draw(st.integers(0, 3)) if split else -1),
            ("threshold", float(draw(st.integers(-1, 1))) if split else np.nan),
            ("missing_left", draw(st.booleans())),
            ("value", 0.0 if split else float(draw(st.integers(-3, 3)))),
            ("cover", float(cover)),
        ):
            found[name].append(value)
        if split:
            part = draw(st.integers(1, cover - 1))
            found["left"][number] = node(depth - 1, part)
            found["right"][number] = node(depth - 1, cover - part)
        return number

    for _ in range(2):
        roots.append(node(5, 20))
    return Ensemble(
        roots=np.array(roots),
        **{name: np.array(values) for name, values in found.items()},
        base=0.5,
        scale="output",
        columns=4,
    )


values_seen = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, math.nan])
matrix = st.lists(st.lists(values_seen, min_size=4, max_size=4), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(grown(), matrix, matrix, st.permutations([0, 1, 2, 2]), st.sampled_from([2, 14]))
def test_random_trees_equal_brute_force(
    ensemble: Ensemble, rows: Any, others: Any, player: list[int], block: int
) -> None:
    """Both kinds of values, grouped players, missing values, shared and single-leaf blocks."""
    rows, others, players = np.array(rows), np.array(others), np.array(player)
    before, tree_blocks.BLOCK = tree_blocks.BLOCK, block
    try:
        values, base = shap_values(ensemble, rows, background=others, player=players)
        game = interventional(lambda r: output(ensemble, r), rows, others, players)
        np.testing.assert_allclose(values, all_subsets(game, 3), atol=1e-12)
        assert base == pytest.approx(output(ensemble, others).mean())
        values, base = shap_values(ensemble, rows, player=players)
    finally:
        tree_blocks.BLOCK = before

    def by_cover(present: tuple[bool, ...], row: np.ndarray, node: int) -> float:
        left, right = int(ensemble.left[node]), int(ensemble.right[node])
        if left < 0:
            return float(ensemble.value[node])
        column = ensemble.column[node]
        if present[players[column]]:
            x = row[column]
            goes = ensemble.missing_left[node] if np.isnan(x) else x <= ensemble.threshold[node]
            return by_cover(present, row, left if goes else right)
        share = ensemble.cover[left] / ensemble.cover[node]
        return share * by_cover(present, row, left) + (1 - share) * by_cover(present, row, right)

    def game(present: tuple[bool, ...]) -> np.ndarray:
        return np.array(
            [sum(by_cover(present, row, int(root)) for root in ensemble.roots) for row in rows]
        )

    np.testing.assert_allclose(values, all_subsets(game, 3), atol=1e-12)
    assert base == pytest.approx(0.5 + game((False,) * 3)[0])


def test_patterns_and_tables_agree() -> None:
    """What is worked out for occurring patterns alone equals the table of them all."""
    weights = np.random.default_rng(0).random(1 << 6)
    patterns = np.arange(1 << 6)
    by_pairs = by_background(patterns, patterns, weights, 6)
    np.testing.assert_allclose(by_pairs, tabled(weights, 6), atol=1e-13)


def test_deep_paths_over_many_features() -> None:
    """Paths of some 20 players, worked out for occurring patterns: additive, and shap's."""
    shap = shap_itself()
    from sklearn.tree import DecisionTreeRegressor

    generator = np.random.default_rng(0)
    rows = generator.normal(size=(400, 40)).astype(np.float32).astype(np.float64)
    model = DecisionTreeRegressor(splitter="random", max_features=1, random_state=0)
    model.fit(rows, generator.normal(size=400))
    assert model.get_depth() > 16
    ensemble, encoded = read(model, rows)
    own = output(ensemble, encoded[:30])
    values, base = shap_values(ensemble, encoded[:30])
    np.testing.assert_allclose(base + values.sum(axis=1), own, atol=1e-10)
    theirs = shap.TreeExplainer(model).shap_values(rows[:30], check_additivity=False)
    np.testing.assert_allclose(values, theirs, atol=1e-9)
    values, base = shap_values(ensemble, encoded[:30], background=encoded[:60])
    np.testing.assert_allclose(base + values.sum(axis=1), own, atol=1e-10)


def test_weights_of_background_rows_are_repeats() -> None:
    """A background row of weight 2 counts as two rows, one of weight 0 as none."""
    rows, label = numbers()
    ensemble, encoded = read(models()["boosted"].fit(rows, label), rows)
    weight = np.array([2.0, 0.0, 1.0])
    weighted = shap_values(ensemble, encoded, background=encoded[:3], background_weight=weight)
    repeated = shap_values(ensemble, encoded, background=encoded[[0, 0, 2]])
    np.testing.assert_allclose(weighted[0], repeated[0], atol=1e-13)
    assert weighted[1] == pytest.approx(repeated[1])


def test_boosting_may_start_from_zero_but_not_from_another_model() -> None:
    """The start must be a constant: a model there depends on the row."""
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    rows, label = numbers()
    model = GradientBoostingClassifier(n_estimators=5, init="zero").fit(rows, label)
    ensemble, encoded = read(model, rows)
    np.testing.assert_allclose(output(ensemble, encoded), raw(model, rows, "log-odds"), atol=1e-12)
    started = GradientBoostingClassifier(n_estimators=5, init=LogisticRegression())
    assert read_ensemble(started.fit(rows, label)) is None


def test_models_that_are_not_read() -> None:
    """Several classes, other links and models without trees give None."""
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    rows, label = numbers()
    three = label + (rows[:, 3] > 1)
    assert read_ensemble(LogisticRegression().fit(rows, label)) is None
    assert read_ensemble(RandomForestClassifier(3).fit(rows, three)) is None
    poisson = HistGradientBoostingRegressor(loss="poisson", max_iter=3).fit(rows, label)
    assert read_ensemble(poisson) is None
    assert read_ensemble(lightgbm().fit(rows, three)) is None
    assert read_ensemble(xgboost().fit(rows, three)) is None
    linear = lightgbm(linear_tree=True).fit(rows, label)
    assert read_ensemble(linear) is None


def test_early_stopping_uses_the_rounds_that_predict_uses() -> None:
    """LightGBM and XGBoost wrappers predict with their best round."""
    rows, label = numbers()
    late = [(rows[200:], label[200:])]
    boosted = xgboost(early_stopping_rounds=2, learning_rate=1.0)
    boosted.fit(rows[:200], label[:200], eval_set=late, verbose=False)
    import lightgbm as library

    light = lightgbm(learning_rate=1.0)
    light.fit(
        rows[:200],
        label[:200],
        eval_X=rows[200:],
        eval_y=label[200:],
        callbacks=[library.early_stopping(2, verbose=False)],
    )
    for model in (boosted, light):
        ensemble, encoded = read(model, rows)
        assert len(ensemble.roots) < 15
        own = raw(model, rows, "log-odds")
        np.testing.assert_allclose(output(ensemble, encoded), own, atol=1e-5)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("EXP140", {"rows": np.zeros((2, 3))}),
        ("EXP141", {"background": np.zeros((0, 4))}),
        ("EXP141", {"background": np.zeros((2, 4)), "background_weight": np.zeros(2)}),
        ("EXP143", {"player": np.array([0, 1, 2, 3]), "players": 3}),
    ],
)
def test_wrong_arguments_are_named(code: str, arguments: dict[str, Any]) -> None:
    stump = Ensemble(
        roots=np.array([0]),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        column=np.array([0, -1, -1]),
        threshold=np.array([0.0, np.nan, np.nan]),
        missing_left=np.zeros(3, bool),
        value=np.array([0.0, -1.0, 1.0]),
        cover=np.array([4.0, 1.0, 3.0]),
        base=0.0,
        scale="output",
        columns=4,
    )
    with pytest.raises(InputError, match=code):
        shap_values(stump, **{"rows": np.zeros((2, 4)), **arguments})
    values, base = shap_values(stump, np.array([[1.0, 0, 0, 0]]))
    assert base == 0.5
    assert values.tolist() == [[0.5, 0, 0, 0]]


def test_a_path_of_too_many_features_says_so() -> None:
    """63 features on one path do not fit a pattern."""
    depth = tree_blocks.WIDEST + 1
    inner, leaves = np.arange(depth), depth + 1
    chain = Ensemble(
        roots=np.array([0]),
        left=np.concatenate([depth + inner, np.full(leaves, -1)]),
        right=np.concatenate([inner[1:], [2 * depth], np.full(leaves, -1)]),
        column=np.concatenate([inner, np.full(leaves, -1)]),
        threshold=np.concatenate([np.zeros(depth), np.full(leaves, np.nan)]),
        missing_left=np.zeros(depth + leaves, bool),
        value=np.concatenate([np.zeros(depth), np.ones(leaves)]),
        cover=np.ones(depth + leaves),
        base=0.0,
        scale="output",
        columns=depth,
    )
    with pytest.raises(InputError, match="EXP142"):
        shap_values(chain, np.zeros((1, depth)))
