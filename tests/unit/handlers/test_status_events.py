"""Every sample event of events/ is one that its function takes, and nothing like one does any harm."""

from typing import Any

import pytest

from tests.unit.conftest import ROOT, Stage, sample

# sample -> (function, what it answers)
SAMPLES: dict[str, tuple[str, Any]] = {
    "sqs_upload_batch": (
        "upload_trigger",
        {"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975800007"}]},
    ),
    "sqs_settle_timer": ("start_run", {"batchItemFailures": []}),
    "schedule": ("start_run", {"datasets": 0, "nudged": 0}),
    "sweep": ("start_run", {"datasets": 0, "nudged": 0}),
    "manual_rerun": ("start_run", None),
    "manual_inference_only": ("start_run", None),
    "pipeline_execution_executing": ("status_listener", {"outcome": "heard"}),
    "pipeline_execution_succeeded": ("status_listener", {"outcome": "ended"}),
    "pipeline_execution_failed": ("status_listener", {"outcome": "ended"}),
    "pipeline_execution_stopped": ("status_listener", {"outcome": "ended"}),
    "pipeline_execution_completed_with_failures": ("status_listener", {"outcome": "ended"}),
    "pipeline_step_failed": ("status_listener", {"outcome": "recorded"}),
    "pipeline_step_succeeded": ("status_listener", {"outcome": "recorded"}),
    "pipeline_step_cache_hit": ("status_listener", {"outcome": "recorded"}),
    "report_success_from_pipeline": ("report_success", {"notified": "failed"}),
    "report_failure_from_listener": ("report_failure", {"notified": "failed"}),
}


def test_no_sample_is_forgotten() -> None:
    """Upload events come inside of queue records, which test_upload_trigger.py takes, and tests/unit/web the app's."""
    names = {path.stem for path in (ROOT / "events").glob("*.json")}
    assert {name for name in names if not name.startswith(("s3_", "http_api_"))} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_is_taken(stage: Stage, name: str) -> None:
    function, expected = SAMPLES[name]
    stage.know_run()
    answer = stage.invoke(function, sample(name))
    assert answer == expected or expected is None
