"""Formats of tokenised sentences in JSON or Parquet, and what they share.

The text of a document is written with the white space after each token, so that the reader restores
it; other software ignores this key. Each line of the text is a sentence.
"""
