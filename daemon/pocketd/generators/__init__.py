"""Sources of drums that make them: bars, continue, pattern and groove, by ONNX Runtime and numpy."""
