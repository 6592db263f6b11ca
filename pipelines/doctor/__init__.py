"""What commonly goes wrong in an installation, looked at one by one, and how to mend it."""
