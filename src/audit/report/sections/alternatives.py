"""Section 6: what could be done about a gap, what it costs, and who would change."""

from __future__ import annotations

from audit.report import compared, text
from audit.report.attached import Entry, bar, edges, ends, num
from audit.report.blocks import Block, Cell, Chart, Column, Grid, Prose, Section
from audit.report.compared import apart, apart_change, useful, useful_change
from audit.report.look import Look
from audit.report.sections import changes, cutoffs, each_candidate, tried


def section(look_: Look) -> Section | None:
    """Alternatives; None where nothing of the kind is attached."""
    if not look_.record.candidates:
        return None
    blocks: list[Block] = []
    found = compared.comparisons(look_)
    for name, own in found:
        blocks.extend(_comparison(look_, name, own))
    blocks.extend(changes.attached(look_, lead=not blocks))
    blocks.extend(cutoffs.blocks(look_, lead=not blocks))
    return Section(
        key="alternatives", title="Alternatives", short="Alternatives", blocks=tuple(blocks)
    )


def _comparison(look_: Look, name: str, found: Entry) -> list[Block]:
    search = found["kind"] == "search"
    blocks: list[Block] = [
        Prose(lines=((lead(found),),), kind="lead"),
        Prose(lines=_how(look_, found), kind="note"),
    ]
    if search:
        blocks.append(tried.facts(found))
    if len(compared.candidates(found)) > 1:
        blocks.append(frontier(name, found))
        blocks.append(_all(name, found))
    blocks.extend(changes.of_candidate(name, found))
    blocks.extend(each_candidate.side_effects(name, found))
    blocks.extend(each_candidate.does(name, found))
    blocks.extend(each_candidate.nothing(name, found))
    if search:
        blocks.extend(tried.log(found))
    return blocks


def lead(found: Entry) -> str:
    """How unequal the model is as it is, and what is recommended or why nothing is.

    The words of the reason are the comparison's own, made from the same limits.
    """
    group, reference = compared.groups(found)
    base = compared.candidates(found)[0]
    gap = base["disparity"]
    limits = ends(gap, lambda x: apart(x, found))
    start = (
        f"Among {text.plural(compared.held_out(found), 'held-out person', 'held-out people')} the "
        f"model as it is has a disparity of {apart(num(gap['value']), found)}"
        + (f" ({limits})" if limits else "")
        + f" between {group} and {reference}"
    )
    many = len(compared.candidates(found)) - 1
    of_search = found["kind"] == "search"
    number = len(found.get("log") or ()) if of_search else many
    word = "alternative" if of_search else "candidate"
    best = compared.recommended(found)
    why = text.said(str(found["because"]))
    if best is None:
        said = f"{start}. Of {text.plural(number, word)} tried, none is recommended: {why}."
        return f"{said}{_alone(found)}"
    return (
        f"{start}. Of {text.plural(number, word)} tried, look first at {compared.title(best)}: "
        f"{why}."
    )


def _alone(found: Entry) -> str:
    """Who is fairer by its own limits, and not by those that hold for all at once."""
    if found["kind"] == "search":
        return ""
    own = [
        compared.title(c)
        for c in compared.candidates(found)[1:]
        if num(c["disparity_change"]["high"]) < 0 <= num(c["simultaneous"]["high"])
    ]
    if not own:
        return ""
    many = "is" if len(own) == 1 else "are"
    return (
        f" By limits for one candidate at a time {compared.listed(own)} {many}; by limits that "
        "hold for all of them at once, as the rule asks of whatever was picked among several, not."
    )


def _how(look_: Look, found: Entry) -> tuple[tuple[str], ...]:
    held, learned = compared.held_out(found), compared.learned_from(found)
    said = [f"{text.plural(held, 'person', 'people')} held out from training, the same for each"]
    if learned:
        said.insert(0, f"trained on {text.plural(learned, 'row')}")
    whole = look_.record.tally.rows
    lines = [
        f"{'; '.join(said)}. {text.sentence(text.said(str(found['decides'])))} Disparity is "
        f"{compared.disparity_words(found)}; changes are against the model as it is, paired, with "
        f"{text.level_percent(num(found['level']))} limits."
    ]
    if held and held != whole:
        lines.append(
            f"These are not the {text.count(whole)} people audited above: numbers differ from "
            "theirs."
        )
    lines.append(text.said(str(found["rule"])))
    lines += [text.said(str(n)) for n in found.get("notes") or ()]
    return tuple((text.sentence(line),) for line in lines if line)


def chart_name(name: str) -> str:
    """The figure's key."""
    return f"frontier:{name}"


def frontier(name: str, found: Entry) -> Chart:
    """Utility against disparity, and the same as a table with a bar for each."""
    told = compared.candidates(found)
    utility = str(found["utility"])
    useful_of = compared.UTILITIES[utility]
    wide = edges(c["disparity"] for c in told)
    tall = edges(c["utility"] for c in told)
    on = set(found.get("frontier") or ())
    rows = []
    for c in compared.by_disparity(found):
        d, u = c["disparity"], c["utility"]
        rows.append(
            (
                Cell(text=compared.title(c), note=_place(c, found, on)),
                Cell(text=apart(num(d["value"]), found),
                     note=ends(d, lambda x: apart(x, found))),
                Cell(bar=bar(d, wide, 0.0)),
                Cell(text=useful(num(u["value"]), utility),
                     note=ends(u, lambda x: useful(x, utility))),
                Cell(bar=bar(u, tall)),
            )
        )  # fmt: skip
    head = useful_of[0].upper() + useful_of[1:]
    what = "alternatives that were searched" if found["kind"] == "search" else "methods compared"
    return Chart(
        name=chart_name(name),
        title=f"Disparity against {useful_of}: {what}",
        reading=reading(found),
        twin=Grid(
            key=f"frontier-{name}",
            title=compared.caption(
                name, f"Disparity and {useful_of} of each candidate, least disparity first"
            ),
            columns=(
                Column(title="Candidate"),
                Column(title="Disparity", align="right"),
                Column(title="Interval", align="bar"),
                Column(title=head, align="right"),
                Column(title="Interval", align="bar"),
            ),
            rows=tuple(rows),
            note="These intervals are each candidate's own and overlap more than the candidates "
            "differ, since all are judged on the same people: differences are in the next table.",
        ),
    )


def reading(found: Entry) -> str:
    """What to see in the frontier, in a sentence."""
    names = [str(n) for n in found.get("frontier") or ()]
    told = [compared.title(c) for c in compared.candidates(found) if c["name"] in names]
    better = "lower" if found["utility"] == "default_rate" else "higher"
    said = f"Further left is less disparity, {better} is more useful"
    if not told:
        return f"{said}."
    many = "is" if len(told) == 1 else "are"
    # a title may hold a comma of its own
    own = "; ".join(told) if any("," in t for t in told) else text.listed(told)
    return (
        f"{said}. Outdone by no other in both: {own}."
        if ";" in own
        else (f"{said}; {own} {many} outdone by no other in both.")
    )


def _place(c: Entry, found: Entry, on: set[str]) -> str:
    said = []
    if c["name"] == found.get("recommendation"):
        said.append("recommended")
    if c["name"] == compared.BASELINE:
        said.append("the model as it is")
    elif c["acts"] != "search":
        said.append(str(c["acts"]))
    if c["name"] not in on:
        said.append("outdone by another")
    return " · ".join(said)


def _all(name: str, found: Entry) -> Grid:
    """Every candidate against the baseline: changes, approvals, flags, verdict."""
    told = compared.candidates(found)
    utility = str(found["utility"])
    shifts = edges([{"value": 0.0}, *(c["disparity_change"] for c in told[1:])])
    rows = []
    for c in compared.by_disparity(found):
        base = c["name"] == compared.BASELINE
        d, u, lot = c["disparity_change"], c["utility_change"], c["arbitrariness"]
        approved = (c.get("measures") or {}).get("approval_rate", {})
        flagged = compared.flags(c)
        rows.append(
            (
                Cell(text=compared.title(c), note=" · ".join(flagged)),
                Cell(text="—") if base else Cell(text=apart_change(num(d["value"]), found),
                     note=ends(d, lambda x: apart_change(x, found))),
                Cell() if base else Cell(bar=bar(d, shifts, 0.0)),
                Cell(text="—") if base else Cell(text=useful_change(num(u["value"]), utility),
                     note=ends(u, lambda x: useful_change(x, utility))),
                Cell(text=text.percent(num(approved.get("value")))),
                Cell(text=text.percent(num(lot.get("value")))),
                Cell(text="As it is" if base else text.sentence(str(c["verdict"])).rstrip("."),
                     tone="" if base else compared.TONES.get(str(c["verdict"]), "insufficient")),
            )
        )  # fmt: skip
    return Grid(
        key=f"candidates-{name}",
        title=compared.caption(name, "Each candidate against the model as it is"),
        columns=(
            Column(title="Candidate"),
            Column(title="Change of disparity", align="right"),
            Column(title="Interval", align="bar"),
            Column(title=f"Change of {compared.UTILITIES[utility]}", align="right"),
            Column(title="Approved", align="right"),
            Column(title="Changed by another seed", align="right"),
            Column(title="What came of it"),
        ),
        rows=tuple(rows),
        note="A change of disparity below 0 is less apart; intervals are paired and one at a time. "
        "“Changed by another seed” is the share of people whose decision depends on the seed of "
        f"training alone. What {compared.USES_GROUP} is a treatment risk in US credit.",
    )
