"""Constitution sheets scored in a second, checks of completeness included, in one process.

Goal: 50,000/s; must: 10,000/s.  Run:  python bench/questionnaire_scoring.py
"""

from __future__ import annotations

import os
import platform
import random
import time

from suwen.hookspecs.questionnaire import Sheet
from suwen_scorer_ccmq.scorer import CcmqScorer

SHEETS = 5_000
ROUNDS = 7


def sheets(scorer: CcmqScorer) -> list[Sheet]:
    """Sheets of every kind: low ones name few types, high ones many."""
    chance = random.Random(157)
    form = scorer.form()
    made = []
    for place in range(SHEETS):
        weights = [chance.random() ** 3 for _ in form.options]
        values = chance.choices(range(1, 6), weights, k=len(form.items))
        answers = {item.id: value for item, value in zip(form.items, values, strict=True)}
        made.append(Sheet(form.code, form.version, answers, ("female", "male")[place % 2]))
    return made


def main() -> None:
    """Print the figure of the best and of the median round."""
    start = time.perf_counter()
    scorer = CcmqScorer()
    loaded = time.perf_counter() - start
    made = sheets(scorer)
    rates = []
    statuses: dict[str, int] = {}
    for _ in range(ROUNDS):
        start = time.perf_counter()
        results = [scorer.score(sheet, {}) for sheet in made]
        rates.append(len(made) / (time.perf_counter() - start))
        statuses = {}
        for result in results:
            statuses[result.status] = statuses.get(result.status, 0) + 1
    rates.sort()
    print(f"constitution scoring: {rates[ROUNDS // 2]:,.0f} sheets/s (best {rates[-1]:,.0f}/s)")
    print(f"loading key and texts: {loaded * 1000:.1f} ms; statuses of the sheets: {statuses}")
    print(f"one process on {os.cpu_count()} cores, Python {platform.python_version()}")


if __name__ == "__main__":
    main()
