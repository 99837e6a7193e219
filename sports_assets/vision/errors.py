"""What can go wrong when footage is looked at."""


class VisionError(Exception):
    """Root of every error that this package raises on purpose."""


class DetectorError(VisionError):
    """A detector cannot look: its name, its model or what the model says is not what it must be."""
