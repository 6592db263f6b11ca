"""What we know about a customer at an instant."""
