"""What holds for every test: hypothesis has no deadline, because two shared cores keep none."""

from hypothesis import settings

settings.register_profile("parley", deadline=None)
settings.load_profile("parley")
