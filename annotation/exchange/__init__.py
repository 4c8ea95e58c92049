"""Exchange of documents and finished work with an annotation server, independent of the tool."""
