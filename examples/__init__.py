"""Examples that run: real routers in front of a real server, on this machine alone."""
