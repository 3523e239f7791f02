"""What this room raises, and the base of what the functions' package raises (workshop.platform.errors)."""

# ruff: noqa: N818  (RefusedName says more than RefusedNameError)


class WorkshopError(Exception):
    """Base of all errors whose message is meant for a person."""


class RefusedName(WorkshopError):
    """A name is outside the grammar and is not used for anything."""


class RefusedOptions(WorkshopError):
    """Options of the trainer are unknown, out of their bounds, or do not go together."""


class DocumentError(WorkshopError):
    """A document that one room writes and another reads is not of the form that both have agreed on."""
