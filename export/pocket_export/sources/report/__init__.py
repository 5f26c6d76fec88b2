"""What four sources of drums make, beside what drummers play: one page with pictures."""
