"""Whether a champion still fits the contacts that come in, and whether to retrain."""
