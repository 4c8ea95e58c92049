"""hypothesis without deadlines: how long an example takes depends on the machine alone."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
