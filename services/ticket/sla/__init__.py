"""When a ticket must be answered and solved: promises, opening hours, and what the log says.

Pure: due times follow from a policy, a calendar and a ticket's log, and from nothing else.
"""
