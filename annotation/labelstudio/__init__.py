"""Label Studio: client, tasks, interface, push, pull."""
