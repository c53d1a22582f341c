"""Who acts in this call."""

from services.auth.use_cases.granting import Author
from services.mesh.caller import current_caller, current_tenant, current_user


def author() -> Author:
    """Raises TokenMissing on public methods, on which nobody acts."""
    return Author(current_tenant(), current_user(), current_caller().scope)
