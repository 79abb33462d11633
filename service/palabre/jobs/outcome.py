"""How a job may end besides done and failed."""


class GiveUp(Exception):
    """Trying again is of no use; the sentence says why, without an address or a secret."""
