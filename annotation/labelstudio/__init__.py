"""Label Studio: the server's client, its tasks and labelling interface, live predictions."""
