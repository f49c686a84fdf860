"""`python -m server` is `parley-relay`."""

from server.cli import main

if __name__ == "__main__":
    main()
