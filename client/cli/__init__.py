"""The command line: each command a few lines over the library, each failure one line for a person.

Nothing here is imported before it is needed: `parley --help` loads the commands' declarations only, and
Textual is loaded by `parley chat` alone.
"""
