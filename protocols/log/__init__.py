"""The log: RFC 6962 trees, C2SP notes and checkpoints, entries, and a follower that trusts no relay."""
