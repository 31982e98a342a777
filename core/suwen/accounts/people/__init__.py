"""People (会员管理): what staff do with members: find, look at, tag, disable, merge, act for."""
