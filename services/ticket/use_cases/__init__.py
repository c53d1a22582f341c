"""What can be done in ticket, in the name of the current caller: a module for each noun."""
