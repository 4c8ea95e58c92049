"""How hypothesis runs: no deadline, since machines are busy; HYPOTHESIS_EXAMPLES sets how many."""

import os

from hypothesis import settings

settings.register_profile(
    "aloi", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
)
settings.load_profile("aloi")
