"""The relay: orders and keeps ciphertext it cannot read."""
