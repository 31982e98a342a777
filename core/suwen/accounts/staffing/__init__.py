"""Staff: what may be done, roles, branches, and the tree of administrators."""
