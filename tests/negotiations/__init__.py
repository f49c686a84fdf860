"""Three scripted negotiations, played by real clients over a real relay, and kept as golden logs."""
