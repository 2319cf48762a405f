"""What the functions are measured against: a credential endpoint as the guide has it."""
