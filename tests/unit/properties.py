"""How property tests run in this area: few enough examples to keep it fast, and no deadline on a busy machine."""

from hypothesis import HealthCheck, settings

# With fixtures that are made once for all examples, which the test sets back itself.
on_one_stage = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
