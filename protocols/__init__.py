"""What both ends agree on: the wire, the log, the messages. No I/O."""
