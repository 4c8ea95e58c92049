"""Entry point of `python -m aloi.cli`, which is equivalent to the command `aloi`."""

from aloi.cli.main import main

main()
