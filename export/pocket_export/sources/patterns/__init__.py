"""A space of drum patterns: distilled from MIDI files, learnt by a network, drawn as a map."""
