"""The spaCy component that extracts relations."""
