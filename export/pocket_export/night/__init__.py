"""The nightly job: takes into targets, the champion into a challenger, and the gate between them."""
