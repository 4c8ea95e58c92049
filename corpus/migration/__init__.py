"""Changes to all documents of a corpus at once, such as the renaming of labels."""
