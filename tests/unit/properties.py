"""How property tests run in this area: few enough examples to keep it fast, and no deadline on a busy machine."""

from hypothesis import HealthCheck, settings

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
