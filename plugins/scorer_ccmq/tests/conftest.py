from __future__ import annotations

import json
from pathlib import Path

import pytest

from suwen.hookspecs.questionnaire import Sheet
from suwen_scorer_ccmq.scorer import CcmqScorer


@pytest.fixture(scope="session")
def scorer():
    return CcmqScorer()


@pytest.fixture(scope="session")
def key(scorer):
    return scorer.key


@pytest.fixture(scope="session")
def published():
    path = Path(__file__).parent / "data" / "vectors.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def score(scorer):
    """Scores answers that are given as a mapping, or as one digit per item."""

    def run(answers, sex="female"):
        if isinstance(answers, str):
            answers = dict(enumerate(map(int, answers), start=1))
        return scorer.score(Sheet("t157-2009-adult", "1", answers, sex), {})

    return run
