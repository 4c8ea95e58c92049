"""Deposits of releases in an archive that gives them a DOI."""
