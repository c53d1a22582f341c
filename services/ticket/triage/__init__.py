"""What a ticket is about and how sure that is: the model, and what is done with what it says."""
