"""A profile's models as one ONNX graph: from raw values to every signal of every offer."""
