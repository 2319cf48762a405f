"""What both functions need."""
