"""The command line `carbon`: one command a verb, `--json` everywhere."""
