"""The spaCy component that recognises entities."""
