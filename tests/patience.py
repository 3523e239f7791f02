"""How long a test waits for what another process does: for as long as anything goes on.

A verdict never depends on how fast the machine is. A test waits until what it waits for is there, or until there is a
reason why it cannot come any more. HARD_END is no verdict: only what hangs for ever gets there.
"""

HARD_END = 1800.0
"""Seconds after which something that was waited for hangs."""
