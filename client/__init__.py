"""The client library, its encrypted store, the command line and the terminal interface."""
