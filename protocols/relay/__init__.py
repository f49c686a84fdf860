"""How client and relay talk: frames, their bytes, the connection's rules, what the relay reads of MLS."""
