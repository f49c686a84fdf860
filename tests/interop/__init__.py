"""Our MLS against others' implementations, live; run by `make interop`, which installs them with npm."""
