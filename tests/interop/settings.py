"""How long to run at least, from which seed: set by whoever wants more or wants to see a failure again."""

import os

OPERATIONS = int(os.environ.get("PARLEY_INTEROP_OPERATIONS", "25"))
SEED = int(os.environ.get("PARLEY_INTEROP_SEED", "1"))
