"""What a customer with a purchase history will buy again, for how much, and until when."""
