import type { RunView, StepView } from "../api/types";
import { duration, t } from "../texts";
import { Icon } from "../ui/icons";

/** What the run does one after the other, with times. */
export function Steps({ view, now }: { view: RunView; now: number }) {
  return (
    <ol class="steps">
      {view.steps.map((step) => (
        <li
          key={step.name}
          class={`step step-${step.status}`}
          aria-current={step.status === "running" ? "step" : undefined}
        >
          <span class="step-mark">
            {step.status === "done" && <Icon name="check" />}
            {step.status === "failed" && <Icon name="alert" />}
            {step.status === "stopped" && <Icon name="cross" />}
          </span>
          <span class="step-name">
            {t(`run.step.${step.name}`)}
            <span class="unseen"> {t(`run.step.${step.status}`)}</span>
          </span>
          <span class="step-time">{timeOf(step, now)}</span>
        </li>
      ))}
    </ol>
  );
}

function timeOf({ started, ended, status }: StepView, now: number): string {
  if (started === null) return "";
  if (ended !== null) return duration(ended - started);
  return status === "running"
    ? t("run.step.since", { time: duration(Math.max(60, Math.floor((now - started) / 60) * 60)) })
    : "";
}
