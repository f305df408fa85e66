"""What ran, told to people and to other tools."""
