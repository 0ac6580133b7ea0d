"""What the company sees of all its people together: the funnel, where they come from, what moved."""
