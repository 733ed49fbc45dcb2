"""How far the clocks of two machines may be apart."""

SKEW = 120  # seconds; a computer that asks a time server differs by far less
