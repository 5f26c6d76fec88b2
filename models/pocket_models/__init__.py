"""The networks in PyTorch, and in `pretrained/` what ships of them as ONNX; this imports no torch."""
