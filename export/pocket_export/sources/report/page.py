"""The page: one HTML file that needs nothing else, pictures first and numbers last."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pocket_core.phrases.measures import MEASURES
from pocket_export.groove import LICENCE, TITLE
from pocket_export.sources.report import heat, pictures
from pocket_export.sources.report.distances import GROUPS, Sure
from pocket_export.sources.report.gather import Findings, Judged, song_count
from pocket_export.sources.report.material import SONG_BARS, START_BARS
from pocket_export.sources.report.rows import FREE, FREE_BPM, Kind
from pocket_export.sources.report.sheet import colour_of

NOTHING = "—"
STYLE = Path(__file__).with_name("report.css")


@dataclass(frozen=True, slots=True)
class _Part:
    anchor: str
    title: str
    body: str


def page(findings: Findings) -> str:
    """Return the whole page. The same findings give the same text."""
    parts = [
        _Part("score", "Who is how near", _score(findings)),
        _Part("notes", "Four bars of each", _notation(findings)),
        _Part("features", "How bars are spread", _features(findings)),
        _Part("genres", "Genre by genre", _genres(findings)),
        _Part("velocity", "How loud", _velocity(findings)),
        _Part("offset", "How late", _offset(findings)),
        _Part("steps", "Sixteenth by sixteenth", _steps(findings)),
        _Part("spaces", "Spaces", _spaces(findings)),
        _Part("memory", "Learnt by heart?", _memory(findings)),
        _Part("numbers", "All numbers", _numbers(findings)),
        _Part("how", "How it was made", _how(findings)),
    ]
    links = "".join(f'<a href="#{part.anchor}">{escape(part.title)}</a>' for part in parts)
    sections = "".join(
        f'<section id="{part.anchor}"><h2>{escape(part.title)}</h2>{part.body}</section>\n' for part in parts
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Sources of drums beside "
        f"drummers</title><style>{STYLE.read_text('utf-8')}</style></head><body><header><h1>Sources of "
        "drums beside drummers</h1>"
        f'<p class="lead">What each source makes, against {findings.reference.row.bars:,} bars that drummers '
        "played and no source has trained on. The grey row is other drumming of theirs: nobody need be "
        f"nearer.</p></header><nav><div>{links}</div></nav><main>\n{sections}</main></body></html>\n"
    )


def _score(findings: Findings) -> str:
    cards = "".join(map(_card, findings.there))
    absent = {
        judged.row.source or judged.row.title: judged.row.why for judged in findings.rows if judged.row.why
    }
    missing = "".join(
        f'<p class="missing"><b>{escape(name)}</b> is not here: {escape(why)}</p>'
        for name, why in absent.items()
    )
    return f'<div class="cards">{cards}</div>{missing}' + _figure(
        pictures.scoreboard(findings),
        "<b>A dot</b> is the mean overlap of a row's bars with the test split's, 1 where every feature is "
        "spread alike; the bar through it is its interval of 95 %, by the bootstrap over files. <b>The "
        "grey band</b> is that of real drummers: a row inside it cannot be told from them by these "
        "features. Notes are what is struck, feel is velocity and timing, form is how bars come back.",
    )


def _notation(findings: Findings) -> str:
    return _figure(
        pictures.notation(findings),
        "The first four bars of each row's first song, <b>time across, voices up</b>: kick, snare, closed "
        "and open hat, toms, crash, ride. The larger and darker, the louder; a dot beside a line is early "
        "or late. Rows that are no yardstick and not from nothing were asked at the same place as the "
        "validation row.",
    )


def _features(findings: Findings) -> str:
    return _figure(
        pictures.ridges(findings),
        "<b>Grey</b> is how the bars of the test split are spread, the same in every row of a panel; "
        "<b>the line</b> is the row. The number is the share that both have in common, 1 where they are "
        "the same. Syncopation is that of Longuet-Higgins and Lee (1984) of kick and snare together; "
        "“like n back” is the share of strokes that a bar has in common with the n-th bar before.",
    )


def _genres(findings: Findings) -> str:
    if not findings.genres:
        return "<p>No genre of the test split has enough bars.</p>"
    return _figure(
        pictures.genres(findings),
        "<b>A box</b> is the middle half of the bars, the stroke in it the median, the line 5 to 95 %. A "
        "source that knows its genre moves with the two real rows from panel to panel.",
    ) + _figure(
        pictures.genre_overlaps(findings),
        "Mean overlap with the same genre of the test split; darker is nearer. Few files make a genre, so "
        "the first row, real drumming of that genre, says what can be reached.",
    )


def _velocity(findings: Findings) -> str:
    return _figure(
        heat.heat_maps(findings, velocity=True),
        "For each voice the bar from left to right in sixteenths, lines on the beats, and <b>from soft to "
        "loud upwards</b>; the darker, the more often, each voice scaled to its own darkest cell. A blue dot "
        "is the mean, where a tenth of the bars or more strike. Real snares have a dark top on two and four "
        "and ghost notes at the bottom; a source without dynamics shows one flat line.",
    )


def _offset(findings: Findings) -> str:
    return _figure(
        heat.heat_maps(findings, velocity=False),
        "The same with <b>early below and late above</b> the dashed line, to half a sixteenth either way. "
        "Real drumming is a cloud; a source on the grid is a line. Two dark bands are swing.",
    )


def _steps(findings: Findings) -> str:
    return _figure(
        heat.step_overlaps(findings),
        "The histogram intersection of velocities and offsets at each sixteenth of the bar, all voices "
        "together, as the Candombe transformer was judged (Mishra et al., ICMC 2025). White: the row "
        "never strikes there.",
    )


def _spaces(findings: Findings) -> str:
    parts = []
    for space in findings.spaces:
        picture = heat.space_picture(space, findings)
        if picture is None:
            parts.append(f'<p class="missing">{escape(space.title)}: {escape(space.how)}</p>')
            continue
        parts.append(
            _figure(
                picture,
                f"<b>{escape(space.title.capitalize())}</b> of two bars a point, {escape(space.how)}. Left "
                "the test split by genre; right the same points in grey under what was made. Islands of "
                "colour on grey are places where nobody plays; grey without colour is music that a row "
                "never makes. Directions and distances between islands mean nothing.",
            )
        )
    return "".join(parts)


def _memory(findings: Findings) -> str:
    guilty = [
        judged.row.title for judged in findings.there if judged.heart is not None and judged.heart.guilty
    ]
    verdict = ", ".join(guilty) + (" plays" if len(guilty) == 1 else " play") if guilty else "No row plays"
    text = (
        f"<p>{escape(verdict)} training bars as they are, velocities and all, more often than drummers do "
        f"who were not trained on. Each bar is laid beside all {len(findings.library):,} bars of the "
        "training split, beats and fills.</p>"
    )
    return (
        text
        + "".join(_example(judged, findings) for judged in findings.there)
        + _figure(
            heat.memory(findings),
            "<b>Left</b>: of how many bars the nearest training bar differs in no more cells than that. A "
            "curve over the black one is nearer to training than music that nobody has trained on; one "
            "under it is stranger. <b>Right</b>: bars with exactly the strokes of a training bar, which "
            "simple beats have by themselves, and, full colour, those whose velocities are its too, which "
            "nobody has by chance.",
        )
    )


def _example(judged: Judged, findings: Findings) -> str:
    """Return where the first bar is from that a guilty row copies."""
    if judged.heart is None or not judged.heart.guilty:
        return ""
    near = judged.heart.near
    where = findings.library.names[int(near.where[int(near.copied.argmax())])]
    return f"<p>{escape(judged.row.title)} copies, for one, {escape(where)}.</p>"


def _numbers(findings: Findings) -> str:
    head = [
        "",
        "bars",
        "overlap",
        *GROUPS,
        "velocity by step",
        "offset by step",
        "same strokes",
        "copied",
        "nearest, median",
        "percentile",
    ]
    rows = "".join(_number_row(judged) for judged in (findings.reference, *findings.rows))
    first = _table(head, rows)
    titles = [f"{m.title}<br><small>{escape(m.unit)}</small>" for m in MEASURES]
    told = ["overlap", "Wasserstein-1", "in SDs of the reference", "divergence, nats", "common area"]
    tables = []
    for number, name in enumerate(told):
        lines = "".join(_line(judged, number) for judged in findings.there)
        tables.append(f"<h3>{name}</h3>" + _table(["", *titles], lines, raw=True))
    return (
        first
        + "<p>Percentile: where a row's bars stand among real ones by distance to training; .5 is as real "
        "ones, less is nearer. Below, every feature: overlap and Wasserstein-1 with their intervals; "
        "divergence and common area compare the distances between songs of both sets with those within "
        "the test split"
        "(Yang and Lerch 2020).</p>" + "".join(tables)
    )


def _how(findings: Findings) -> str:
    wish = findings.wish
    lines = [
        f"Data: {TITLE} ({LICENCE}), contents {findings.contents[:16]}…; beats in 4/4 of the test split, "
        f"{len(findings.reference.row.songs)} files, and of the validation split.",
        f"Each source: {song_count(wish.bars)} songs of {SONG_BARS} bars, seeds from {wish.seed} on. "
        f"Asked: behind {START_BARS} bars of a validation recording as its start, what the drummer plays "
        "then as one voice for the musician, the recording's tempo; genres as often as in the test split.",
        f"“{FREE.capitalize()}”: without a start, a musician or a genre, at {FREE_BPM:g} BPM. Knobs as "
        "learnt.",
        "Everything is on one grid: of each sixteenth and voice the loudest stroke, offsets within half a "
        "sixteenth.",
        "Yardsticks: the start again and again; training songs as they are; one rock beat; strokes by "
        "chance, each voice as often, as loud and as late as in training.",
        "A source that plays patterns may have learnt from other files than these; memory is only of these.",
    ]
    again = f"pocketd evaluate sources --bars {wish.bars} --seed {wish.seed} --only {','.join(wish.sources)}"
    return "".join(f"<p>{escape(line)}</p>" for line in lines) + f"<p><code>{escape(again)}</code></p>"


def _card(judged: Judged) -> str:
    if judged.apart is None or judged.heart is None:
        return ""
    near = judged.apart.overall
    row, head = judged.row, f"<h3>{escape(judged.row.title)}</h3>"
    style = f'style="border-top-color: {colour_of(judged)}"'
    worst = min(
        judged.apart.by, key=lambda d: d.overlap.value if not math.isnan(d.overlap.value) else math.inf
    )
    title = next(m.title.lower() for m in MEASURES if m.key == worst.key)
    copies = ' <span class="bad">copies training</span>' if judged.heart.guilty else ""
    return (
        f'<div class="card" {style}>{head}<span class="big">{_short(near.value)}</span>{copies}'
        f"<small>{_short(judged.apart.overall.low)} to {_short(judged.apart.overall.high)}, {row.bars} "
        f"bars</small><small>farthest: {title}, {_short(worst.overlap.value)}</small></div>"
    )


def _number_row(judged: Judged) -> str:
    heart, far = judged.heart, judged.apart
    cells = [f"{judged.row.bars:,}" if judged.row.songs else NOTHING]
    cells += [NOTHING if far is None else _sure(far.overall)]
    cells += [NOTHING if far is None else _short(far.groups[name].value) for name in GROUPS]
    cells += [_short(judged.velocity_step), _short(judged.offset_step)]
    if heart is None:
        cells += [NOTHING] * 4
    else:
        cells += [_sure(heart.same, 3), _sure(heart.copied, 3), f"{heart.median:g}", _short(heart.percentile)]
    return _tr(judged, cells)


def _line(judged: Judged, number: int) -> str:
    if judged.apart is None:
        return ""
    cells = []
    for d in judged.apart.by:
        figure = (d.overlap, d.wasserstein, d.in_sd, d.divergence, d.area)[number]
        cells.append(_sure(figure) if isinstance(figure, Sure) else _short(figure))
    return _tr(judged, cells)


def _tr(judged: Judged, cells: Sequence[str]) -> str:
    kind = {Kind.REAL: "real", Kind.YARDSTICK: "yard", Kind.SOURCE: ""}[judged.row.kind]
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr class="{kind}"><td>{escape(judged.row.title)}</td>{told}</tr>'


def _table(head: Iterable[str], rows: str, *, raw: bool = False) -> str:
    cells = "".join(f"<th>{name if raw else escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>'


def _figure(picture: bytes, caption: str) -> str:
    data = base64.b64encode(picture).decode()
    return (
        f'<figure><img alt="" src="data:image/png;base64,{data}"><figcaption>{caption}</figcaption></figure>'
    )


def _sure(sure: Sure, digits: int = 2) -> str:
    if math.isnan(sure.value):
        return NOTHING
    return f"{sure.value:.{digits}f} <small>{sure.low:.{digits}f} to {sure.high:.{digits}f}</small>"


def _short(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:.2f}"
