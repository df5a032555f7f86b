"""What is deployed where, and how it gets there."""
