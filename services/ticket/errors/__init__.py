"""Why ticket refuses: a class for each value of `helpdesk.ticket.v1.ErrorReason`."""

DOMAIN = "helpdesk.ticket"
