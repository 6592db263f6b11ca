"""The pages marketing works in: HTML made on the server, no script, no network."""
