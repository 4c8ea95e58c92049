"""Reading a release, and restoring texts that it does not contain."""
