"""How good predictions are: measures with intervals, overall, per profile and per segment."""
