import { currentLanguage, duration, number, t } from "../texts";
import { howToSay, roundedEnd, roundedRest } from "./words";

const STYLES: Record<ReturnType<typeof howToSay>, Intl.DateTimeFormatOptions> = {
  time: { hour: "numeric", minute: "2-digit" },
  weekday: { weekday: "long", hour: "numeric", minute: "2-digit" },
  date: { day: "numeric", month: "long", hour: "numeric", minute: "2-digit" },
};

/** A moment by the reader's clock: no longer than it needs to be. */
export const clock = (moment: number, now: number): string =>
  new Intl.DateTimeFormat(currentLanguage(), STYLES[howToSay(moment, now)]).format(1000 * moment);

/** When it is done, such as "Done at about 15:40". */
export function doneAt(ends: number, now: number): string {
  if (ends <= now + 60) return t("run.done_soon");
  return t("run.done_at", { time: clock(roundedEnd(ends, now), now) });
}

/** What is left, such as "about 1 hr 20 min left". */
export const timeLeft = (ends: number, now: number): string =>
  t("run.left", { time: duration(roundedRest(ends - now)) });

/** Which moment of the training a sheet is from. */
export const sheetText = (kimg: number): string =>
  kimg > 0 ? t("run.sheet.after", { images: looks(kimg) }) : t("run.sheet.first");

/** How many images were shown: 840; 15,200; 1.2 million. */
export function looks(kimg: number): string {
  const images = Math.round(1000 * kimg);
  return images < 1_000_000
    ? number(images)
    : number(images, { notation: "compact", compactDisplay: "long", maximumSignificantDigits: 3 });
}
