"""Exchange of documents and finished work with any annotation server."""
