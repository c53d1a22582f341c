"""Who did what, on what, when: a chain of records for each tenant, in the service's own database.

What a use case needs is here; the mesh does the rest for every RPC that is marked `audited`.
"""

from services.mesh.audit.entry import acting_for, acts_on, bookkeeping

__all__ = ["acting_for", "acts_on", "bookkeeping"]
