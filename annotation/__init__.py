"""Guidelines and Label Studio."""
