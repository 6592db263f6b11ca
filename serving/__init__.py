"""How others ask: the HTTP interface, pages, sign-in and metrics."""
