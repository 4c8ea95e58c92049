"""Label Studio: client, tasks, labelling interface, adjudication, and live predictions."""
