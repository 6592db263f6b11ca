"""The kinds of model that stand for election in each profile: one file each, one contract."""
