"""Entry point of `python -m aloi.cli`, the same as the command `aloi`."""

from aloi.cli.main import main

main()
