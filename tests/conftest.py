"""What holds for every test.

Hypothesis has no deadline, because two shared cores keep none. Ctrl+C reaches the programs that tests start: a shell
lets what it runs in the background ignore it, and children would inherit that.
"""

import signal

from hypothesis import settings

settings.register_profile("parley", deadline=None)
settings.load_profile("parley")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
