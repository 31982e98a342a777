"""Radar chart of scale scores as SVG, drawn on the server: it prints and needs no script.

Colours come from CSS alone (classes ``radar``, ``radar-grid``, ``radar-axis``, ``radar-cut``,
``radar-cut-1`` and on, ``radar-ring``, ``radar-shape``, ``radar-point``, ``radar-label``,
``radar-name``, ``radar-value``, ``radar-key``). What the layout rests on, such as the size of the text, is an attribute, so that
the chart is complete and legible before any style sheet arrives.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from suwen.questionnaires.figures import Number, one_decimal

FULL: Final = 100
FEWEST: Final = 3
# Units of the view box. At 375 px a page leaves about 343 px for it: text stays above 12 px.
WIDTH: Final = 360
EDGE: Final = 4
FONT: Final = 13
LINE: Final = 16
GAP: Final = 10
RADIUS: Final = 124
WRAP: Final = FONT * 6
SAMPLE: Final = 28
_DASHES: Final = ("2 3", "6 3", "9 3 2 3", "1 4")
_CENTRED: Final = 0.2


def radar_svg(
    scores: Sequence[Number],
    cut_offs: Mapping[str, int],
    labels: Sequence[str],
    title: str,
    desc: str,
) -> str:
    """SVG of one closed shape over as many axes as there are scores.

    ``scores`` run from 0 to 100, ``labels`` stand beside them in the same order, ``cut_offs`` are
    converted scores by name, drawn as rings and explained below the chart. ``title`` and ``desc``
    are the text equivalent for screen readers. All texts are escaped. Raises ``ValueError`` for
    fewer than three axes, for unequal lengths and for values outside the scale.
    """
    _check(scores, cut_offs, labels)
    texts = [
        _label(label, score, _Direction.of(place, len(scores)))
        for place, (label, score) in enumerate(zip(labels, scores, strict=True))
    ]
    chart = _Chart.around(texts)
    rings = sorted(cut_offs.items(), key=lambda ring: (ring[1], ring[0]))
    body = [
        *chart.grid(),
        *(line for place, ring in enumerate(rings) for line in chart.ring(place, ring[1])),
        *chart.shape(scores),
        *(chart.text(text) for text in texts),
        *chart.legend(rings),
    ]
    # Two charts may stand on one page: ids come from what is drawn.
    mark = hashlib.sha256("\n".join([title, desc, *body]).encode()).hexdigest()[:10]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="radar" role="img" font-size="{FONT}" '
        f'viewBox="0 0 {WIDTH} {_number(chart.height(len(rings)))}" '
        f'aria-labelledby="radar-{mark}-title" aria-describedby="radar-{mark}-desc">'
    )
    spoken = (
        f'<title id="radar-{mark}-title">{escape(title)}</title>'
        f'<desc id="radar-{mark}-desc">{escape(desc)}</desc>'
    )
    return "\n".join([head, spoken, *body, "</svg>"])


def _check(scores: Sequence[Number], cut_offs: Mapping[str, int], labels: Sequence[str]) -> None:
    if len(scores) < FEWEST:
        raise ValueError(f"a radar needs {FEWEST} axes or more, not {len(scores)}")
    if len(labels) != len(scores):
        raise ValueError(f"{len(scores)} scores, but {len(labels)} labels")
    for value in (*scores, *cut_offs.values()):
        if not 0 <= value <= FULL:
            raise ValueError(f"{value} lies outside 0 to {FULL}")


@dataclass(frozen=True, slots=True)
class _Direction:
    """Unit vector of an axis; the first one points up, the others follow clockwise."""

    x: float
    y: float

    @classmethod
    def of(cls, place: float, axes: int) -> _Direction:
        angle = 2 * math.pi * place / axes
        return cls(math.sin(angle), -math.cos(angle))


@dataclass(frozen=True, slots=True)
class _Label:
    """Lines of text at the end of an axis, the last one being the score."""

    direction: _Direction
    lines: tuple[str, ...]
    width: float

    @property
    def anchor(self) -> str:
        if abs(self.direction.x) < _CENTRED:
            return "middle"
        return "start" if self.direction.x > 0 else "end"

    @property
    def room(self) -> float:
        """Longest axis that still leaves the text inside the view box."""
        half = WIDTH / 2 - EDGE
        if self.anchor == "middle":
            return RADIUS
        return (half - self.width) / abs(self.direction.x) - GAP

    def top(self, radius: float) -> float:
        """Upper edge of the text, measured from the centre."""
        height = LINE * len(self.lines)
        end = self.direction.y * (radius + GAP)
        # Above the chart the text stands on the axis, below it hangs, between it is centred.
        return end - height * (1 - self.direction.y) / 2


def _label(text: str, score: Number, direction: _Direction) -> _Label:
    lines = (*_wrapped(text), one_decimal(score))
    return _Label(direction, lines, max(_width(line) for line in lines))


def _wrapped(text: str) -> list[str]:
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _width((line + piece).rstrip()) > WRAP:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    """Where a line may end: after a space, a hyphen and any full-width character."""
    pieces, piece = [], ""
    for character in text:
        piece += character
        if character in " -" or _em(character) == 1 or _width(piece) > WRAP - FONT:
            pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece else pieces


def _em(character: str) -> float:
    """Width in em, on the large side, since the reader's font is not known."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1
    return 0.8 if character.isupper() or character in "mw%@" else 0.6


def _width(text: str) -> float:
    return FONT * sum(_em(character) for character in text)


@dataclass(frozen=True, slots=True)
class _Chart:
    """Geometry in units of the view box."""

    axes: int
    radius: float
    cx: float
    cy: float
    bottom: float

    @classmethod
    def around(cls, texts: Sequence[_Label]) -> _Chart:
        radius = min(RADIUS, *(text.room for text in texts))
        tops = [text.top(radius) for text in texts]
        ends = [text.top(radius) + LINE * len(text.lines) for text in texts]
        cy = EDGE - min(-radius, *tops)
        return cls(len(texts), radius, WIDTH / 2, cy, cy + max(radius, *ends))

    def height(self, rings: int) -> float:
        return self.bottom + EDGE + (rings * LINE + EDGE if rings else 0)

    def at(self, place: float, value: Number) -> tuple[str, str]:
        direction = _Direction.of(place, self.axes)
        length = self.radius * float(value) / FULL
        return _number(self.cx + direction.x * length), _number(self.cy + direction.y * length)

    def polygon(self, values: Sequence[Number]) -> str:
        return " ".join(",".join(self.at(place, value)) for place, value in enumerate(values))

    def grid(self) -> list[str]:
        cx, cy = _number(self.cx), _number(self.cy)
        lines = [
            f'<polygon class="radar-grid" points="{self.polygon([FULL] * self.axes)}" {_OUTLINE}/>'
        ]
        for place in range(self.axes):
            x, y = self.at(place, FULL)
            lines.append(
                f'<line class="radar-axis" x1="{cx}" y1="{cy}" x2="{x}" y2="{y}" {_OUTLINE}/>'
            )
        return lines

    def ring(self, place: int, value: int) -> list[str]:
        points = self.polygon([value] * self.axes)
        # Half-way between two axes, where no corner of the shape can lie on the number.
        side = value * math.cos(math.pi / self.axes)
        x, y = self.at(place + 0.5, side)
        where = f'x="{x}" y="{y}" text-anchor="middle" dominant-baseline="central"'
        return [
            f'<polygon class="{_ring_class(place)}" points="{points}" {_dashed(place)}/>',
            f'<text class="radar-ring" {where} font-size="{FONT - 3}">{value}</text>',
        ]

    def shape(self, scores: Sequence[Number]) -> list[str]:
        points = [
            '<circle class="radar-point" cx="{}" cy="{}" r="3"/>'.format(*self.at(place, score))
            for place, score in enumerate(scores)
        ]
        shape = f'<polygon class="radar-shape" points="{self.polygon(scores)}" {_OUTLINE}'
        return [f'{shape} stroke-width="2"/>', *points]

    def text(self, label: _Label) -> str:
        x = _number(self.cx + label.direction.x * (self.radius + GAP))
        # The base line of a line of text lies about four fifths down.
        first = self.cy + label.top(self.radius) + LINE * 0.8
        spans = []
        for place, line in enumerate(label.lines):
            kind = "radar-value" if place == len(label.lines) - 1 else "radar-name"
            y = _number(first + place * LINE)
            spans.append(f'<tspan class="{kind}" x="{x}" y="{y}">{escape(line)}</tspan>')
        return f'<text class="radar-label" text-anchor="{label.anchor}">{"".join(spans)}</text>'

    def legend(self, rings: Sequence[tuple[str, int]]) -> list[str]:
        texts = [f"{name} {value}" for name, value in rings]
        widest = SAMPLE + GAP + max((_width(text) for text in texts), default=0)
        left = max(EDGE, min(self.cx - self.radius / 2, WIDTH - EDGE - widest))
        x1, x2, start = (_number(left + x) for x in (0, SAMPLE, SAMPLE + GAP))
        lines = []
        for place, text in enumerate(texts):
            y = _number(self.bottom + EDGE + LINE * (place + 0.5))
            ends = f'x1="{x1}" y1="{y}" x2="{x2}" y2="{y}"'
            lines.append(f'<line class="{_ring_class(place)}" {ends} {_dashed(place)}/>')
            where = f'x="{start}" y="{y}" dominant-baseline="central"'
            lines.append(f'<text class="radar-key" {where}>{escape(text)}</text>')
        return lines


_OUTLINE: Final = 'fill="none" stroke="currentColor"'


def _dashed(place: int) -> str:
    # Told apart by their dashes, not by colour alone.
    return f'{_OUTLINE} stroke-dasharray="{_DASHES[place % len(_DASHES)]}"'


def _ring_class(place: int) -> str:
    return f"radar-cut radar-cut-{place + 1}"


def _number(value: float) -> str:
    # Adding zero turns -0 into 0.
    return f"{round(value, 1) + 0:g}"
