"""What people agreed to, what is kept of them and for how long, and how it is shown, taken out and erased."""
