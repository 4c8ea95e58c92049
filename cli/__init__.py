"""The command `aloi`. Each subcommand parses arguments, calls the library and prints results."""
