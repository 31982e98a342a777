"""History of the inbox's tables."""
