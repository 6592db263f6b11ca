"""When things run: the steps and the command line."""
