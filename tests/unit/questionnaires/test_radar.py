from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from suwen.questionnaires.radar import FULL, radar_svg

SVG = "{http://www.w3.org/2000/svg}"
CHINESE = ["平和质", "气虚质", "阳虚质", "阴虚质", "痰湿质", "湿热质", "血瘀质", "气郁质", "特禀质"]
ENGLISH = [
    "Balanced",
    "Qi deficiency",
    "Yang deficiency",
    "Yin deficiency",
    "Phlegm-dampness",
    "Damp-heat",
    "Blood stasis",
    "Qi stagnation",
    "Special diathesis",
]
CUT_OFFS = {"倾向是": 30, "是": 40, "平和质": 60}
SCORES = [Fraction(75), Fraction(175, 6), 32, 53.125, Fraction("56.25"), 58, 21, 28, 0]


def _draw(scores=SCORES, cut_offs=CUT_OFFS, labels=CHINESE, title="九种体质", desc="得分"):
    return radar_svg(scores, cut_offs, labels, title, desc)


def _parse(text):
    return ET.fromstring(text)  # noqa: S314 - parses what we have just drawn


def _of_class(root, name):
    return [node for node in root.iter() if name in node.get("class", "").split()]


def _points(node):
    return [tuple(map(float, pair.split(","))) for pair in node.get("points").split()]


def _distances(root, node):
    axis = _of_class(root, "radar-axis")[0]
    cx, cy = float(axis.get("x1")), float(axis.get("y1"))
    return [((x - cx) ** 2 + (y - cy) ** 2) ** 0.5 for x, y in _points(node)]


def test_it_has_a_text_equivalent():
    root = _parse(_draw(title="体质", desc="平和质 75.0"))
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert (title.text, desc.text) == ("体质", "平和质 75.0")
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == desc.get("id")
    assert next(iter(root)) is title


def test_two_charts_on_a_page_have_their_own_ids():
    ids = re.findall(r' id="([^"]+)"', _draw() + _draw(scores=[*SCORES[:-1], 1]))
    assert len(ids) == len(set(ids)) == 4


def test_it_is_the_same_in_every_run():
    assert _draw() == _draw()


def test_nothing_that_a_strict_policy_forbids():
    text = _draw()
    assert "style" not in text
    assert "<script" not in text
    assert not re.search(r"\son\w+=", text)
    assert "href" not in text
    # Colours belong to the style sheet: light, dark and print differ.
    colours = re.findall(r'(?:fill|stroke)="([^"]*)"', text)
    assert set(colours) == {"none", "currentColor"}


def test_it_grows_and_shrinks_with_its_place():
    root = _parse(_draw())
    assert root.get("width") is None
    assert root.get("height") is None
    left, top, width, height = map(float, root.get("viewBox").split())
    assert (left, top) == (0, 0)
    # At 375 px a page leaves about 343: text of 13 units stays above 12 px.
    assert 13 * 343 / width > 12
    assert height < 500


def test_every_score_lies_on_its_axis_at_its_length():
    root = _parse(_draw())
    (shape,) = _of_class(root, "radar-shape")
    (edge,) = _of_class(root, "radar-grid")
    full = _distances(root, edge)
    assert len(_points(shape)) == len(SCORES)
    for drawn, whole, score in zip(_distances(root, shape), full, SCORES, strict=True):
        assert drawn / whole * FULL == pytest.approx(float(score), abs=0.2)
    points = [(float(n.get("cx")), float(n.get("cy"))) for n in _of_class(root, "radar-point")]
    assert points == _points(shape)
    assert _points(edge)[0][0] == 180, "the first axis points up"
    assert _points(edge)[1][0] > 180, "clockwise"


def test_cut_offs_are_drawn_at_their_value_and_named():
    root = _parse(_draw())
    (edge,) = _of_class(root, "radar-grid")
    whole = _distances(root, edge)[0]
    rings = [node for node in _of_class(root, "radar-cut") if node.tag == f"{SVG}polygon"]
    assert len(rings) == 3
    for ring, value in zip(rings, (30, 40, 60), strict=True):
        for drawn in _distances(root, ring):
            assert drawn / whole * FULL == pytest.approx(value, abs=0.2)
    assert [node.text for node in _of_class(root, "radar-ring")] == ["30", "40", "60"]
    names = [node.text for node in _of_class(root, "radar-key")]
    assert names == ["倾向是 30", "是 40", "平和质 60"]
    dashes = [ring.get("stroke-dasharray") for ring in rings]
    assert len(set(dashes)) == 3, "told apart without colour"
    samples = [node for node in _of_class(root, "radar-cut") if node.tag == f"{SVG}line"]
    assert [node.get("stroke-dasharray") for node in samples] == dashes


def test_without_cut_offs_there_is_no_legend():
    root = _parse(_draw(cut_offs={}))
    assert not _of_class(root, "radar-key")
    assert not _of_class(root, "radar-cut")


@pytest.mark.parametrize("labels", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_labels_say_name_and_score(labels):
    root = _parse(_draw(labels=labels))
    said = []
    for text in _of_class(root, "radar-label"):
        *name, score = [span.text for span in text]
        joined = "".join(part if part.endswith("-") else f"{part} " for part in name).strip()
        said.append((joined, score))
    scores = ["75.0", "29.2", "32.0", "53.1", "56.3", "58.0", "21.0", "28.0", "0.0"]
    assert said == list(zip(labels, scores, strict=True))


def _boxes(root):
    """Extent of each label; 0.62 em is wide for Latin text in any common font."""
    for text in _of_class(root, "radar-label"):
        spans = list(text)
        width = max(sum(13 if ord(c) > 0x2E7F else 8 for c in span.text) for span in spans)
        x = float(spans[0].get("x"))
        left = {"start": x, "middle": x - width / 2, "end": x - width}[text.get("text-anchor")]
        top, bottom = float(spans[0].get("y")) - 13, float(spans[-1].get("y")) + 3.5
        yield left, top, left + width, bottom


AWKWARD = {
    "zh": CHINESE,
    "en": ENGLISH,
    "two lines": ["一二三四五六七八九十"] * 9,
    "endless": ["x" * 40] * 9,
}


@pytest.mark.parametrize("labels", AWKWARD.values(), ids=AWKWARD)
@pytest.mark.parametrize("axes", [3, 4, 5, 8, 9])
def test_no_label_is_cut_off(labels, axes):
    root = _parse(_draw(scores=[100] * axes, labels=labels[:axes]))
    _, _, width, height = map(float, root.get("viewBox").split())
    boxes = list(_boxes(root))
    assert len(boxes) == axes
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    lines = [node for node in root.iter() if node.get("x2")]
    assert all(0 <= float(node.get("x2")) <= width for node in lines)


@pytest.mark.parametrize("name", ["zh", "en", "two lines"])
def test_labels_keep_clear_of_each_other_and_of_the_chart(name):
    root = _parse(_draw(scores=[100] * 9, labels=AWKWARD[name]))
    boxes = list(_boxes(root))
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
            assert apart, (one, other)
    for x, y in _points(_of_class(root, "radar-shape")[0]):
        for left, top, right, bottom in boxes:
            assert not (left < x < right and top < y < bottom)


def test_the_legend_stands_below_the_labels():
    root = _parse(_draw(labels=ENGLISH))
    lowest = max(bottom for *_, bottom in _boxes(root))
    assert all(float(node.get("y")) > lowest for node in _of_class(root, "radar-key"))
    long = {"一" * 20: 30}
    (key,) = _of_class(_parse(_draw(cut_offs=long)), "radar-key")
    assert float(key.get("x")) + 13 * 20 + 8 * 3 <= 360


def test_texts_are_escaped():
    nasty = "<b>\"&'"
    text = _draw(labels=[nasty, *CHINESE[1:]], cut_offs={nasty: 30}, title=nasty, desc=nasty)
    assert "<b>" not in text
    root = _parse(text)
    assert root.find(f"{SVG}title").text == nasty
    assert root.find(f"{SVG}desc").text == nasty
    assert _of_class(root, "radar-name")[0].text == nasty
    assert _of_class(root, "radar-key")[0].text == f"{nasty} 30"


@pytest.mark.parametrize(
    "change",
    [
        {"scores": [1, 2], "labels": ["a", "b"]},
        {"scores": SCORES[:-1]},
        {"labels": CHINESE[:-1]},
        {"scores": [-1, *SCORES[1:]]},
        {"scores": [101, *SCORES[1:]]},
        {"scores": [float("nan"), *SCORES[1:]]},
        {"cut_offs": {"是": 101}},
    ],
)
def test_what_cannot_be_drawn_is_refused(change):
    with pytest.raises(ValueError):
        _draw(**change)


def test_it_is_small():
    assert len(_draw().encode()) < 6_000
