"""Pages and operations of the questionnaires."""
