"""The command `aloi`: parse, call one library function, print."""
