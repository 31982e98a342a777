"""What ``dev.py`` does, in the standard library alone: nothing is installed when it starts."""
