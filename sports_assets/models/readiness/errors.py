"""What can be wrong with a history or a model of readiness. Messages hold no athlete's answers."""


class ReadinessError(Exception):
    """A history that no readiness model can be fitted to, tested on or asked about."""


class ModelTextError(ReadinessError):
    """A text is no readiness model: cut short, changed, or of another version."""
