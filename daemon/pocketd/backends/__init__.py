"""The MIDI systems that the effect can live on, behind one small protocol."""
