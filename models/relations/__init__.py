"""The spaCy component that extracts relations between mentions."""
