"""The source `continue`: a language model of drums."""
