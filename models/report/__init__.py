"""What a person reads of a model set: figures, leading features."""
