"""What is happening now? Load of each athlete and alerts, at the ground, with no cloud.

`messages` is what trackers send, `sequence` puts it in order, `load` adds it up, `alerts` holds it
against the personal norm, `engine` is all of these together, without a clock or a network of its
own. `journal` keeps it through a crash; `mqtt`, `http` and `node` are the world outside.
"""
