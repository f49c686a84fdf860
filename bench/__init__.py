"""What Parley costs, always beside something measured in the same run: `make bench` prints JSON lines."""
