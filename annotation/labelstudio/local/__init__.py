"""The local Label Studio server of `aloi annotate start`."""
