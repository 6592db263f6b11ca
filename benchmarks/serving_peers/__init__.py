"""The servers that the decision endpoint is measured against: one module each."""
