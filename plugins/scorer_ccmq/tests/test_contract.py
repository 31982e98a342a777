from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from suwen.testing.questionnaire import PublishedVector, QuestionnaireScorerContract


class TestContract(QuestionnaireScorerContract):
    @pytest.fixture
    def scorer(self):
        (point,) = entry_points(group="suwen.plugins", name="scorer_ccmq")
        (scorer,) = point.load().suwen_questionnaire_scorers()
        return scorer

    @pytest.fixture
    def vectors(self, published):
        return [
            PublishedVector(
                name=row["name"],
                answers=dict(enumerate(map(int, row["answers"]), start=1)),
                raw=row["raw"],
                verdicts=row["verdict"],
                types=tuple(row["types_in_order"]),
            )
            for row in published["sheets"]
        ]


def test_entry_point_is_the_plugin():
    (point,) = entry_points(group="suwen.plugins", name="scorer_ccmq")
    info = point.load().plugin_info
    assert (info.id, info.family) == ("scorer_ccmq", "questionnaire")
    assert not info.personal_columns


def test_codes(scorer):
    assert (scorer.info.code, scorer.info.form_code) == ("ccmq", "t157-2009-adult")


def test_the_standard_is_not_called_national(scorer):
    said = [scorer.info.standard, scorer.info.title, *scorer.form().titles.values()]
    said += scorer.form().intro.values()
    assert "T157-2009" in scorer.info.standard
    assert not any("国家标准" in text or "national" in text.lower() for text in said)


_REPEAT = """
from suwen.hookspecs.questionnaire import Sheet
from suwen_scorer_ccmq.scorer import CcmqScorer
scorer = CcmqScorer()
result = scorer.score(
    Sheet("t157-2009-adult", "1", {n: n % 5 + 1 for n in range(1, 61)}, "male"), {}
)
print(repr(result), scorer.advise(result, "en"), scorer.form())
"""


def test_same_bytes_in_every_process():
    seen = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
        command = [sys.executable, "-W", "ignore", "-c", _REPEAT]
        done = subprocess.run(command, env=env, capture_output=True, check=True)
        assert b"ScoreResult" in done.stdout
        seen.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(seen) == 1


@pytest.mark.parametrize(("given", "kept"), [({}, 18), ({"min_age": "16"}, 16)])
def test_lowest_age_is_a_setting(scorer, given, kept):
    assert scorer.settings_schema().deserialize(given) == {"min_age": kept}


@pytest.mark.parametrize("age", ["13", "101", "x", "-1"])
def test_lowest_age_has_limits(scorer, age):
    with pytest.raises(Exception, match="min_age"):
        scorer.settings_schema().deserialize({"min_age": age})
