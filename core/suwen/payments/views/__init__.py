"""Pages, notifications and operations."""
