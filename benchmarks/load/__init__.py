"""What the benchmarks of the server share: starting it, asking it, and weighing it."""
