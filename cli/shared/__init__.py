"""Output and inputs that the commands share."""
