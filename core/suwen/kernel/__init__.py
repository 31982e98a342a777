"""The kernel: technical services that know no domain."""
