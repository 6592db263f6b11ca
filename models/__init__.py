"""What we believe: valuation, cross-sell likelihood and uplift."""
