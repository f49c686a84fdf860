"""The Textual app: a guest of the client library, through `client.tui.port`."""
