"""`parley demo`: the main job end to end on one machine, every process, socket and file of it real."""
