"""The uplift learners that stand for election: one file each, one contract."""
