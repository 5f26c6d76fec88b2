"""One module a sub-command: its options and its help, and a call into what does the work."""
