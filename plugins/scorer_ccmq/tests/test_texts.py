"""Own wording: the topic of every item, one plain sentence, and no promise in the advice."""

from __future__ import annotations

import re

import pytest

from suwen_scorer_ccmq import data
from suwen_scorer_ccmq.key import KeyDamaged
from suwen_scorer_ccmq.texts import build_form

# A word of each item's topic, so that a text that slipped to another number is found.
TOPICS = {
    1: ("精神", "energy"),
    2: ("累", "worn out"),
    3: ("气不够", "breath"),
    4: ("心里突突", "heart"),
    5: ("头晕", "dizzy"),
    6: ("静一静", "quiet"),
    7: ("声音", "voice"),
    8: ("想不起来", "forgetting"),
    9: ("沉沉", "low spirits"),
    10: ("伤感", "hurt"),
    11: ("紧张", "tense"),
    12: ("吓", "startled"),
    13: ("肋下或乳房", "sides or breasts"),
    14: ("胸口发闷或肚子发胀", "chest tight or your belly"),
    15: ("叹", "sighing"),
    16: ("身子沉", "heavy"),
    17: ("手心和脚心", "palms and the soles"),
    18: ("身上或脸上.*热", "heat in your body or face"),
    19: ("手和脚.*凉", "hands and feet felt cold"),
    20: ("上腹、后背、腰或膝盖", "stomach, back, waist or knees"),
    21: ("冷天", "cold weather"),
    22: ("多穿", "more clothes"),
    23: ("感冒", "caught colds"),
    24: ("没有感冒.*喷嚏", "sneezed"),
    25: ("没有感冒.*鼻", "runny nose"),
    26: ("稍微动.*汗", "sweat after slight"),
    27: ("过敏", "allergic"),
    28: ("风疹团", "hives"),
    29: ("咳嗽或气喘", "coughed or wheezed"),
    30: ("过敏.*紫红", "allergy.*purple"),
    31: ("划.*红印", "scratching.*red"),
    32: ("青紫", "bruises"),
    33: ("皮肤或嘴唇.*干", "skin been dry.*lips"),
    34: ("疼", "pain"),
    35: ("颧骨.*红", "cheeks been flushed"),
    36: ("血丝", "fine red veins"),
    37: ("嘴唇.*更红", "lips looked redder"),
    38: ("脑门.*油", "forehead.*oily"),
    39: ("脸上或鼻子.*油", "face or nose.*greasy"),
    40: ("脸色.*暗.*斑", "dull.*brown spots"),
    41: ("痘.*疖子", "acne or boils"),
    42: ("上眼皮", "upper eyelids"),
    43: ("眼圈", "dark rings"),
    44: ("眼睛.*干", "eyes felt dry"),
    45: ("嘴唇.*暗", "lips looked dark"),
    46: ("嗓子发干.*水", "dry mouth and throat.*water"),
    47: ("嗓子里像卡着", "stuck in your throat"),
    48: ("痰", "phlegm"),
    49: ("苦", "bitter"),
    50: ("嘴里黏", "sticky feeling in your mouth"),
    51: ("舌头.*厚", "thick coating"),
    52: ("肚子.*软", "belly been soft"),
    53: ("冷的东西.*拉肚子", "loose bowels"),
    54: ("冷的食物.*不舒服", "cold food or drink"),
    55: ("睡不着", "slept badly"),
    56: ("大便会黏", "stools been sticky"),
    57: ("大便会偏干", "stools been dry"),
    58: ("尿色", "urine"),
    60: ("适应", "adapted"),
}
VARIANTS = {"female": ("白带.*黄", "discharge.*yellow"), "male": ("阴囊.*潮", "scrotum.*damp")}


def _texts(scorer):
    for item in scorer.form().items:
        for name, texts in ({"": item.texts} if item.texts else item.variants).items():
            yield item.id, name, texts


def test_every_item_asks_about_its_topic(scorer):
    seen = 0
    for number, variant, texts in _texts(scorer):
        chinese, english = VARIANTS[variant] if variant else TOPICS[number]
        assert re.search(chinese, texts["zh_CN"]), (number, texts)
        assert re.search(english, texts["en"]), (number, texts)
        seen += 1
    assert seen == 61


def test_only_item_59_depends_on_the_sex(scorer):
    varied = [item for item in scorer.form().items if item.variants]
    assert [item.id for item in varied] == [59]
    assert set(varied[0].variants) == {"female", "male"}
    # No common text: it could be shown to the wrong person.
    assert not varied[0].texts


def test_one_plain_question_about_the_past_year(scorer):
    for number, variant, texts in _texts(scorer):
        chinese, english = texts["zh_CN"], texts["en"]
        assert chinese.startswith("这一年里，"), (number, variant)
        assert "您" in chinese, (number, variant)
        assert len(re.findall("[。？！]", chinese)) == 1, (number, variant)
        assert chinese.endswith("？"), (number, variant)
        assert len(chinese) <= 36, (number, len(chinese))
        assert english.startswith("Over the past year, "), (number, variant)
        assert re.search(r"\byour?\b", english), (number, variant)
        assert english.endswith("?"), (number, variant)
        assert english.count("?") == 1, (number, variant)
        assert len(english) <= 100, (number, len(english))


def test_no_two_items_ask_the_same(scorer):
    for locale in ("zh_CN", "en"):
        said = [texts[locale] for _, _, texts in _texts(scorer)]
        assert len(set(said)) == len(said)


def test_answers(scorer):
    labels = [(option.value, option.labels["zh_CN"]) for option in scorer.form().options]
    assert labels == [(1, "没有"), (2, "很少"), (3, "有时"), (4, "经常"), (5, "总是")]


PROMISES = re.compile(
    r"治|疗|药|预防|见效|功效|改善|增强|补气|补血|祛|处方|胶囊|保证|"
    r"\b(cure|treat|heals?\b|healing|prevent|remed|medicin|drug|effective|improve|boost|guarantee)",
    re.IGNORECASE,
)


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_advice_names_no_drug_and_promises_nothing(scorer, key, locale):
    ideal = scorer._advice.sections([scale.code for scale in key.scales], locale)
    assert len(ideal) == 9
    for section in ideal:
        assert len(section.advice) == 4
        for text in (section.features, *(text for _, text in section.advice)):
            assert not PROMISES.search(text), (section.scale, text)


def test_advice_has_the_four_parts(scorer, score):
    (section,) = scorer.advise(score("1" * 60), "zh_CN")
    assert (section.scale, section.title) == ("PH", "平和质")
    assert [name for name, _ in section.advice] == ["饮食", "起居", "运动", "情志"]


def test_a_language_that_is_not_there_reads_chinese(scorer, score):
    (section,) = scorer.advise(score("1" * 60), "fr")
    assert section.title == "平和质"


def test_wording_with_other_items_is_refused(key):
    wording = data.read("wording.json")
    wording["items"].pop()
    with pytest.raises(KeyDamaged, match="exactly"):
        build_form(wording, key, "1")


def test_wording_without_both_variants_is_refused(key):
    wording = data.read("wording.json")
    del wording["items"][58]["variants"]["male"]
    with pytest.raises(KeyDamaged, match="59"):
        build_form(wording, key, "1")
