import { useEffect } from "preact/hooks";

import { bytes, duration, number, t } from "../texts";
import { announce } from "../ui/announce";
import { Button, Meter, Notice } from "../ui";
import type { Drop, Summary } from "./model";

/** The button that sends, and how the sending goes. */
export function Sending({ drop, summary }: { drop: Drop; summary: Summary }) {
  const progress = drop.progress;
  const isIdle = progress.state === "idle";
  useEffect(() => {
    if (isIdle && progress.sent) announce(t("drop.send.done", { n: progress.sent }));
  }, [isIdle]);

  if (isIdle) {
    const n = summary.counts.ready;
    if (!n) return null;
    return (
      <div class="sending">
        <Button look="primary" disabled={summary.counts.looking > 0 || !drop.isListed} onClick={() => drop.send()}>
          {t("drop.send.button", { n })}
        </Button>
        <p class="hint">{t("drop.send.size", { size: bytes(summary.bytes) })}</p>
      </div>
    );
  }
  const { sent, files, sentBytes, bytes: all, bytesPerSecond, secondsLeft } = progress;
  const isHeld = progress.state === "paused" || progress.state === "stopped";
  const details = [
    t("drop.send.of", { sent, files }),
    bytesPerSecond !== null && !isHeld && t("drop.send.rate", { rate: bytes(bytesPerSecond) }),
    secondsLeft !== null && !isHeld && t("drop.send.left", { time: duration(secondsLeft) }),
  ].filter(Boolean);
  return (
    <div class="sending">
      <Meter
        label={t("drop.send.progress")}
        value={all ? sentBytes / all : 0}
        text={`${number(sent)} / ${number(files)}`}
      />
      <p class="sending-rate">{details.join(" · ")}</p>
      {progress.state === "offline" && <Notice tone="warning">{t("drop.send.offline")}</Notice>}
      {progress.state === "paused" && <Notice>{t("drop.send.paused")}</Notice>}
      {progress.problem !== null && <Notice tone="bad">{progress.problem}</Notice>}
      <div class="buttons">
        {isHeld ? (
          <Button look="primary" onClick={() => drop.queue.resume()}>
            {t("drop.send.resume")}
          </Button>
        ) : (
          <Button onClick={() => drop.queue.pause()}>{t("drop.send.pause")}</Button>
        )}
        <Button look="quiet" onClick={() => drop.stopSending()}>
          {t("drop.send.stop")}
        </Button>
      </div>
      <p class="hint">{t("drop.send.leave")}</p>
    </div>
  );
}
