"""Speed and memory of the whole product, beside a peer in the same run where there is one."""
