"""What holds for every test."""

import contextlib

with contextlib.suppress(ModuleNotFoundError):  # the SDK's environment (tests/pipeline_sdk) has no hypothesis
    from hypothesis import HealthCheck, settings

    # No example fails because the machine is busy (tests/house/test_no_verdict_by_the_clock.py).
    settings.register_profile("at any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("at any speed")
