"""`python -m carbon_sdk.cli` is `carbon`."""

from carbon_sdk.cli.main import main

main()
