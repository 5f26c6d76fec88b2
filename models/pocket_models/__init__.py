"""The networks in PyTorch, and what ships of them as ONNX in `pretrained/`; importing this never imports torch."""
