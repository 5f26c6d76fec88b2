"""The engine and the method: pure functions and one machine that is told the time."""
