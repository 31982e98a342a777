"""Questionnaires (量表): constitution forms, their answers, results and reports."""
