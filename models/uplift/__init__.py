"""What presenting an offer adds, against presenting nothing."""
