"""What everything else stands on.

clients      AWS clients, made when first needed, and the calls that are made with them
telemetry    structured logs and metrics
redaction    links and addresses, which neither logs nor operators see
clock        the one clock, which tests replace
items        DynamoDB's items from and to plain values
documents    what our own containers have written in S3
addresses    presigned addresses, for browsers
signing      texts that only this deployment can have written
errors       everything that this package raises on purpose; refusals: what the web app is refused with
"""

from workshop.platform import clients, clock, errors, items, telemetry

__all__ = ["clients", "clock", "errors", "items", "telemetry"]
