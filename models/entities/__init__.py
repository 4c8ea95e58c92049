"""The spaCy component that recognises entity mentions."""
