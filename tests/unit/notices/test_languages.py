"""Which language a notice comes in: the run's, the settings file's, or the deployer's."""

from typing import Any

import pytest

from contract.names import parse_execution
from tests.unit.conftest import Stage, sample
from tests.unit.handlers.test_start_run import finish, manual

SETTINGS = "uploads/red-chairs/settings.yaml"


@pytest.fixture
def run_arn(stage: Stage) -> str:
    """A run whose settings ask for German, in a workshop that speaks English."""
    stage.put(SETTINGS, b"language: de\n")
    stage.settle()
    return next(iter(stage.sagemaker.executions))


def report(stage: Stage, function: str, arn: str, status: str) -> str:
    """The notice on the run's end: subject and text."""
    event = sample("report_failure_from_listener") | {"pipelineExecutionArn": arn, "status": status}
    stage.invoke(function, event)
    return newest(stage)


def newest(stage: Stage) -> str:
    mail: dict[str, Any] = stage.mails[-1]
    return f"{mail['Subject']}\n{mail['Message']}"


def test_a_run_that_starts_is_told_in_the_language_of_its_settings(stage: Stage, run_arn: str) -> None:
    assert stage.mail_kinds == ["started"]
    assert "die Arbeit an deinen Bildern hat begonnen" in newest(stage)
    assert "Erwartete Dauer:    etwa 3 Std. (geschätzt: " in newest(stage)
    assert "Erwartete Kosten:   etwa 3,84 USD, davon das Training 3,82 USD, höchstens 34 USD" in newest(stage)


def test_a_success_is_told_in_the_runs_language(stage: Stage, run_arn: str) -> None:
    stage.leave_artefacts(execution_id=parse_execution(run_arn).id)
    text = report(stage, "report_success", run_arn, "Succeeded")

    assert "deine neuen Bilder sind fertig" in text
    assert "Der Link funktioniert höchstens 12 Stunden lang." in text
    assert "Verwendete Bilder:  3 von 5" in text


def test_missing_artefacts_are_told_in_the_runs_language(stage: Stage, run_arn: str) -> None:
    stage.leave_artefacts(execution_id=parse_execution(run_arn).id)
    stage.put(f"runs/red-chairs/{parse_execution(run_arn).id}/report/report.json", b"")
    text = report(stage, "report_success", run_arn, "Succeeded")

    assert "der Lauf endete mit Problemen" in text
    assert "- Die Datei mit den Daten der Seite (report/report.json) ist leer." in text


def test_a_failure_is_told_in_the_runs_language_with_the_reason_in_its_own_words(stage: Stage, run_arn: str) -> None:
    stage.sagemaker.end(run_arn, "Failed", "CUDA out of memory")
    text = report(stage, "report_failure", run_arn, "Failed")

    assert "der Lauf ist fehlgeschlagen" in text
    assert "Grund:              CUDA out of memory" in text
    assert "Der Maschine ist der Speicher ausgegangen." in text
    assert 'start_run mit {"source": "manual", "dataset": "red-chairs", "rerun": true}' in text


def test_a_run_that_takes_too_long_is_told_in_its_language(stage: Stage, run_arn: str) -> None:
    stage.later(86_400 + 7 * 3600)
    manual(stage)

    assert "ein Lauf dauert zu lange" in newest(stage)


def test_a_status_that_nobody_knows_is_told_in_the_runs_language(stage: Stage, run_arn: str) -> None:
    event = sample("pipeline_execution_executing")
    event["detail"] |= {
        "currentPipelineExecutionStatus": "Hibernating",
        "pipelineExecutionArn": run_arn,
        "pipelineExecutionDescription": stage.sagemaker.executions[run_arn].description,
    }
    stage.invoke("status_listener", event)

    assert "ein Lauf in unbekanntem Zustand" in newest(stage)


def test_a_run_keeps_its_language_when_the_settings_change_meanwhile(stage: Stage, run_arn: str) -> None:
    stage.put(SETTINGS, b"language: en\n")
    stage.sagemaker.end(run_arn, "Failed", "boom")

    assert "der Lauf ist fehlgeschlagen" in report(stage, "report_failure", run_arn, "Failed")


def test_new_pictures_of_an_earlier_network_are_told_in_the_language_of_the_settings(
    stage: Stage, run_arn: str
) -> None:
    finish(stage, "Succeeded")
    stage.serve_timer()
    stage.put("inference/red-chairs/mine.jpg")
    stage.later(61)
    stage.invoke("start_run", sample("schedule"))
    stage.serve_timer()

    assert "neue Bilder entstehen" in newest(stage)


def test_an_end_without_a_record_is_told_in_english(stage: Stage) -> None:
    """A run that a person has started past the ledger: only its own last step tells of it."""
    stage.invoke("report_success", sample("report_success_from_pipeline"))
    assert "the run finished with problems" in newest(stage)


def test_faults_are_told_in_the_language_that_the_faulty_file_names(stage: Stage) -> None:
    stage.put(SETTINGS, b"language: de\nkimgs: 5\n")
    stage.settle(images=1)

    assert stage.mail_kinds == ["attention"]
    assert "bitte schau in deinen Ordner" in newest(stage)
    assert "- settings.yaml, Zeile 2: Die Einstellung „kimgs“ gibt es nicht. Meinst du „kimg“?" in newest(stage)
    assert "- Es werden mindestens 3 Bilder gebraucht." in newest(stage)
    assert "- Lege weitere Bilder " in newest(stage)
    assert "- Korrigiere settings.yaml " in newest(stage)


def test_too_few_images_are_told_in_the_language_of_the_settings(stage: Stage) -> None:
    stage.put(SETTINGS, b"language: de\n")
    stage.settle(images=1)

    assert "Im Ordner liegt 1 Bild." in newest(stage)


@pytest.mark.parametrize(("default", "told"), [("de", "bitte schau"), ("en", "please have a look")])
@pytest.mark.parametrize("content", [b"kimg: [", b"language: fr\n", b"language: [de]\n", b"language:\n"])
def test_a_file_that_names_no_language_is_answered_in_the_deployers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, content: bytes, default: str, told: str
) -> None:
    monkeypatch.setenv("NOTICE_LANGUAGE", default)
    stage.put(SETTINGS, content)
    stage.settle()

    assert stage.mail_kinds == ["attention"]
    assert told in newest(stage)


def test_without_a_settings_file_a_run_is_told_in_the_deployers_language(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTICE_LANGUAGE", "de")
    stage.settle()

    assert "die Arbeit an deinen Bildern hat begonnen" in newest(stage)


def test_chinese_is_told_in_chinese_from_the_subject_on(stage: Stage) -> None:
    stage.put(SETTINGS, b"language: zh_CN\n")
    stage.settle()

    assert stage.mails[-1]["Subject"] == "工坊 red-chairs：您的图片已开始处理"
    (execution,) = stage.sagemaker.executions.values()
    assert execution.parameters["Language"] == "zh-CN"


def test_a_preset_does_not_take_the_deployers_language_away(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTICE_LANGUAGE", "de")
    stage.put(SETTINGS, b"preset: best\n")
    stage.settle()

    assert "die Arbeit an deinen Bildern hat begonnen" in newest(stage)
