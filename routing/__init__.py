"""What to do with a contact: strategies, offers, queues. No machine learning, no web."""
