"""Public: contract suites and helpers for authors of plugins."""
