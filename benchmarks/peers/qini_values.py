"""Print scikit-uplift's Qini, AUUC and uplift at k of small made-up cases, as tests store them.

    /tmp/peers/bin/python -W ignore benchmarks/peers/qini_values.py

The cases come from a fixed linear congruential sequence, so that any language makes the same.
"""

import json

import numpy as np
from sklift.metrics import qini_auc_score, uplift_at_k, uplift_auc_score


def sequence(count, seed):
    found, state = np.empty(count), seed
    for place in range(count):
        state = (1103515245 * state + 12345) % 2**31
        found[place] = state / 2**31
    return found


def case(seed, count, ties):
    draws = sequence(4 * count, seed).reshape(4, count)
    treatment = (draws[0] < 0.4).astype(int)
    score = np.round(draws[1], 1) if ties else draws[1]
    chance = 0.2 + 0.3 * treatment * (draws[1] > 0.5)
    outcome = (draws[2] < chance).astype(int)
    return outcome, treatment, score


def main():
    for seed, count, ties in ((1, 40, False), (2, 200, True), (3, 1000, False), (4, 1000, True)):
        outcome, treatment, score = case(seed, count, ties)
        print(
            json.dumps(
                {
                    "seed": seed,
                    "count": count,
                    "ties": ties,
                    "qini": qini_auc_score(outcome, score, treatment),
                    "auuc": uplift_auc_score(outcome, score, treatment),
                    "at_30": uplift_at_k(outcome, score, treatment, "overall", k=0.3),
                }
            )
        )


if __name__ == "__main__":
    main()
