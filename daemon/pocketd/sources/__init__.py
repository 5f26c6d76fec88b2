"""Where the drums come from, if not from the DAW as it plays: a file, the loop before, or a generator.

A source stands between the back end and the engine. It says which of the messages that come on `drums` the
engine hears, adds those that it plays itself, and lets others out unmoved.
"""
