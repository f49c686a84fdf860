"""`python -m client` is `parley`."""

from client.cli.app import main

if __name__ == "__main__":
    main()
