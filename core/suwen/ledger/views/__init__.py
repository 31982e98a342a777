"""Pages and operations."""
