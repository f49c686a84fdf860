"""What only members can see: MLS, identity, sealing, the charter. No I/O."""
