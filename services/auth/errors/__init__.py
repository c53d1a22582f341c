"""Why auth refuses: a class for each value of `helpdesk.auth.v1.ErrorReason`."""

DOMAIN = "helpdesk.auth"
