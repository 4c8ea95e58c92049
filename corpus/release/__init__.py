"""Code to build, read, check and publish releases of a corpus.

A release is a folder that the library `datasets` loads. No file of a release contains the text of a
restricted document; `restricted_text` detects such text.
"""
