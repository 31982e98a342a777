"""Hides a package of the development lock that libraries import when they find it.

A site installed from the base lock does not have it, and a benchmark must not pay for it.
"""

raise ModuleNotFoundError("not part of a site", name=__name__)
