"""The Label Studio server that `aloi annotate start` runs."""
