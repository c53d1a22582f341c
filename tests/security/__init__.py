"""`make security`: the proof that a tenant cannot be crossed, in sections that run one by one."""
