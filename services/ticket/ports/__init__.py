"""What ticket needs fulfilled: a module for each noun."""
