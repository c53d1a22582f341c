"""The eight labels the classifier knows, in the order of its outputs."""

LABELS = (
    "Access",
    "Administrative rights",
    "HR Support",
    "Hardware",
    "Internal Project",
    "Miscellaneous",
    "Purchase",
    "Storage",
)
