"""What the past of a company teaches: which traits its customers have that others do not."""
