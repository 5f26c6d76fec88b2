"""Drum phrases as data: what a source of drums has made, and the arrays that its network reads and writes."""
