"""An audit of the reasons themselves, by group: `explanation.more["reasons"]`.

Plain values. `attribute` and `group` are lists ([] and [] for everyone denied), shares are of rows
that have a reason unless said otherwise, `low` and `high` their limits (Wilson; Student's t for
means), undefined numbers nan. Keys:

    baseline        who applicants are compared with, in words
    method, scale   of the parts
    denied          denied applicants; approved: approved ones; rows: denied ones looked at;
                    tried: of these, rows whose stability and agreement are tried
    without         rows of these whose score no feature lowers: they have no reason
    still_denied    share of rows that the model's own rule denies, with low, high; `rule` in words
    drafted         whether a text was made from a feature's name or is marked as a draft
    codes           code, feature, features, text, actionable, draft, flag, rows (any), first
    by_group        attribute, group, denied, rows, without,
                    reasons: code, feature, text, first, first_low, first_high, any,
                    any_low, any_high
    differences     attribute, group, reference, code, text, place ("first" | "any"), value,
                    reference_value, difference, low, high, p_value, p_adjusted (Benjamini-
                    Hochberg over the whole list), rows, reference_rows; smallest p first
    stability       attribute, group, trial ("background" | "inputs"), words, rows, first,
                    first_low, first_high (same first reason), overlap, overlap_low,
                    overlap_high (shared by the four)
    agreement       the same with method ("all applicants" | "approved nearest the line" | "one
                    feature at a time") in place of trial
    faithfulness    attribute, group, rows, improved, improved_low, improved_high (share whose score
                    rises when the named features become typical), random, random_low, random_high
                    (as many other features), difference, low, high (paired), gain, gain_low,
                    gain_high, random_gain (mean change of the model's answer), turned, turned_low,
                    turned_high, random_turned, turned_rows (of rows the rule denies: approved then)
    actionable      attribute, group, rows, share, low, high, reason
    protected       feature, why, first, any: rows in whose reasons it would stand
    refused         code, feature, text, why: texts that may not be sent as they are
    unavailable     part, reason
    notes           sentences
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.explanation import reason_trials as trials
from audit.explanation.reason_baseline import is_asked
from audit.explanation.reason_holding import actionable, agreement, faithful, rate, share, stability
from audit.explanation.reasons import MOST, Coded, Denials, ranked
from audit.explanation.scored import Scored
from audit.inference.intervals import difference_interval, rate_interval
from audit.inference.multiplicity import benjamini_hochberg
from audit.inference.score_tests import equality_p_value

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Entry = dict[str, Any]

ROWS = 2_000
"""Denied applicants looked at, at most."""
EVALUATIONS, FEWEST = 450_000, 60
"""Where a model can only be asked: mixtures asked about, and rows at least, which trials take."""
SHOWN = 30
"""Reasons told by group: the most frequent."""


def audit_reasons(told: Denials, found: Scored, level: float = 0.95) -> Mapping[str, Any]:
    """How often each reason is given, and whether reasons hold up, by group; see the module.

    Raises `InputError` EXP007 where a score's parts do not add up to it.
    """
    from audit.explanation.treatment import rule_of

    rows = looked_at(told)
    values = told.values(rows, told.baseline)
    coded = told.coded(told.people.frame, rows)
    chosen, _ = ranked(coded, values, MOST)
    some = chosen[:, 0] >= 0
    groups = [*_groups(told, rows)]
    firsts, anys = _counts(chosen, len(coded.entries))
    rule = rule_of(found, told.people)
    named = trials.named_by(coded, chosen, values)
    by_named, by_others, denied = trials.moved(told, found, rule, rows, named)
    places = [e for e in np.argsort(-anys.sum(axis=0), kind="stable").tolist() if anys[:, e].any()]
    codes = [_code(coded, e, firsts, anys, told) for e in places]
    by_group, differences = _frequencies(
        told, groups, firsts[:, places[:SHOWN]], anys[:, places[:SHOWN]], codes[:SHOWN], some, level
    )
    shut: list[Entry] = []
    at = _tried(told, rows)
    tried = rows[at], replace(coded, of=coded.of[at], when=coded.when[at]), chosen[at]
    tried_groups = [*_groups(told, rows[at])]
    out: Entry = {
        "baseline": told.baseline.words,
        "method": told.route.method,
        "scale": told.route.scale,
        "denied": len(told.denied),
        "approved": len(told.approved),
        "rows": len(rows),
        "tried": len(at),
        "without": int((~some).sum()),
        "rule": rule.words,
        "still_denied": None if denied is None else share(denied, level),
        "drafted": any(c["draft"] for c in codes),
        "codes": codes,
        "by_group": by_group,
        "differences": differences,
        "stability": stability(told, found, *tried, tried_groups, level, shut),
        "agreement": agreement(told, found, *tried, tried_groups, level),
        "faithfulness": [
            {**key, **faithful(by_named, by_others, denied, own[some[own]], level)}
            for key, own in groups
        ],
        "actionable": actionable(coded, chosen, groups, some, level),
        "protected": [
            {"feature": c["feature"], "why": c["flag"], "first": c["first"], "any": c["rows"]}
            for c in codes
            if c["flag"] and c["flag"].startswith("protected")
        ],
        "refused": [
            {"code": c["code"], "feature": c["feature"], "text": c["text"], "why": c["flag"]}
            for c in codes
            if c["flag"] and c["flag"].startswith("vague")
        ],
        "unavailable": shut,
    }
    return {**out, "notes": _notes(told, out)}


def looked_at(told: Denials) -> Ints:
    """Denied rows to look at: all, or as many as is affordable, drawn by the seed."""
    from audit.explanation.sampled import mixtures

    most = ROWS
    if is_asked(told.route):
        each = mixtures(len(told.people.features)) * len(told.baseline.rows)
        most = int(np.clip(EVALUATIONS // max(each, 1), FEWEST, ROWS))
    if len(told.denied) <= most:
        return told.denied
    drawn = np.random.default_rng((told.seed, 19)).choice(told.denied, most, replace=False)
    return np.sort(drawn)


def _tried(told: Denials, rows: Ints) -> Ints:
    """Which of the rows trials are made with: all, or the fewest where each costs many answers."""
    if len(rows) <= FEWEST or not is_asked(told.route):
        return np.arange(len(rows))
    rng = np.random.default_rng((told.seed, 23))
    return np.sort(rng.choice(len(rows), FEWEST, replace=False))


def _groups(told: Denials, rows: Ints) -> Iterator[tuple[Entry, Ints]]:
    """Everyone, then each group: what it is called, and where its rows stand in `rows`."""
    yield {"attribute": [], "group": []}, np.arange(len(rows))
    for name, levels in told.people.groups.items():
        for level in levels:
            at = np.flatnonzero(np.isin(rows, told.people.rows_of(name, level)))
            yield {"attribute": [name], "group": [level]}, at


# --- frequency ------------------------------------------------------------------------------


def _counts(chosen: Ints, size: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether each reason is a row's first, and whether it is among its reasons."""
    span = np.arange(size)
    return chosen[:, :1] == span, (chosen[:, :, None] == span).any(axis=1)


def _code(coded: Coded, e: int, firsts: Any, anys: Any, told: Denials) -> Entry:
    """A reason that was given, and how often."""
    entry = coded.entries[e]
    own = (coded.of == e).any(axis=0)
    return {
        "code": entry.code,
        "feature": entry.feature,
        "features": [told.people.features[j] for j in np.flatnonzero(own).tolist()],
        "text": entry.text,
        "actionable": entry.actionable,
        "draft": entry.draft,
        "flag": coded.flags[e],
        "rows": int(anys[:, e].sum()),
        "first": int(firsts[:, e].sum()),
    }


def _frequencies(
    told: Denials, groups: list[tuple[Entry, Ints]], firsts: Any, anys: Any, shown: list[Entry],
    some: Any, level: float,
) -> tuple[list[Entry], list[Entry]]:  # fmt: skip
    """How often each reason shown (a column of `firsts` and `anys`) is given, and differences."""
    by_group, counted = [], {}
    for key, at in groups:
        own = at[some[at]]
        first, each = firsts[own].sum(axis=0), anys[own].sum(axis=0)
        counted[_name(key)] = first, each, len(own)
        limits = [rate_interval(x, len(own), level) for x in (first, each)]
        by_group.append(
            {
                **key,
                "denied": _denied(told, key),
                "rows": len(at),
                "without": len(at) - len(own),
                "reasons": [
                    {
                        **{k: c[k] for k in ("code", "feature", "text")},
                        "first": rate(first[i], len(own)),
                        "first_low": float(limits[0][0][i]),
                        "first_high": float(limits[0][1][i]),
                        "any": rate(each[i], len(own)),
                        "any_low": float(limits[1][0][i]),
                        "any_high": float(limits[1][1][i]),
                    }
                    for i, c in enumerate(shown)
                ],
            }
        )
    return by_group, _differences(told, groups, counted, shown, level)


def _differences(
    told: Denials, groups: list[tuple[Entry, Ints]], counted: Mapping[Any, Any],
    shown: list[Entry], level: float,
) -> list[Entry]:  # fmt: skip
    found: list[Entry] = []
    for key, _ in groups[1:]:
        name, group = key["attribute"][0], key["group"][0]
        reference = told.people.reference[name]
        own, other = counted[name, group], counted.get((name, reference))
        if group == reference or other is None or not own[2] or not other[2]:
            continue
        for place, x, r in (("first", own[0], other[0]), ("any", own[1], other[1])):
            low, high = difference_interval(x, own[2], r, other[2], level)
            p = equality_p_value(x, own[2], r, other[2])
            found += [
                {
                    **key,
                    "reference": [reference],
                    "code": c["code"],
                    "text": c["text"],
                    "place": place,
                    "value": rate(x[i], own[2]),
                    "reference_value": rate(r[i], other[2]),
                    "difference": float(x[i] / own[2] - r[i] / other[2]),
                    "low": float(low[i]),
                    "high": float(high[i]),
                    "p_value": float(p[i]),
                    "rows": int(own[2]),
                    "reference_rows": int(other[2]),
                }
                for i, c in enumerate(shown)
                if x[i] + r[i] > 0
            ]
    adjusted: Any = benjamini_hochberg([e["p_value"] for e in found]) if found else []
    for entry, p in zip(found, adjusted, strict=True):
        entry["p_adjusted"] = float(p)
    return sorted(found, key=lambda e: e["p_value"] if e["p_value"] == e["p_value"] else 2.0)


def _name(key: Entry) -> Any:
    return (key["attribute"][0], key["group"][0]) if key["attribute"] else ()


def _denied(told: Denials, key: Entry) -> int:
    if not key["attribute"]:
        return len(told.denied)
    own = told.people.rows_of(key["attribute"][0], key["group"][0])
    return int(np.isin(told.denied, own).sum())


def _notes(told: Denials, out: Mapping[str, Any]) -> list[str]:
    notes = []
    if out["rows"] < out["denied"]:
        notes.append(
            f"{out['rows']:,} of {out['denied']:,} denied applicants, drawn with seed {told.seed}"
        )
    if out["tried"] < out["rows"]:
        notes.append(
            f"stability and agreement are tried on {out['tried']:,} of these, since the model can "
            "only be asked"
        )
    if told.people.weight is not None or told.people.count is not None:
        notes.append("each denied row counts once here, whatever its weight or count")
    if out["without"]:
        notes.append(
            f"{out['without']:,} of them have no reason: no feature lowers their score against "
            "approved applicants"
        )
    held = out["still_denied"]
    if held is not None and held["share"] < 1:
        other = round(out["rows"] * (1 - held["share"]))
        notes.append(
            f"{other:,} of {out['rows']:,} would not be denied by {out['rule']}: what the model "
            "scored may not be why they were denied"
        )
    if not told.copies_known:
        notes.append(
            "near-copies of protected attributes were not looked for: how well features tell them "
            "could not be measured"
        )
    if out["drafted"]:
        notes.append("reasons are drafts: edit their words before any is sent")
    for p in out["protected"]:
        notes.append(
            f"{p['why']} for {p['any']:,} of {out['rows']:,} denied applicants (first of all "
            f"reasons for {p['first']:,}): it is no reason that may be given, and leaving it out "
            "would hide a principal one"
        )
    if not told.route.needs_background:
        notes.append(
            "path-dependent values less their mean among the approved stand for values against them"
        )
    return notes
