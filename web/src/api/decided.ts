import type { StartAnswer } from "./types";

const PAUSE_MILLISECONDS = 3_000;
const MOST_QUESTIONS = 40;

/** Asks for a run until it is decided. While images are being looked at, or the settings that were just chosen, the
 * server cannot tell yet; whoever has pressed a button once need not press it again for that. `hear` is told what the
 * server says meanwhile. */
export async function decided(
  ask: () => Promise<StartAnswer>,
  hear: (answer: StartAnswer) => void,
): Promise<StartAnswer> {
  for (let questions = 1; ; questions++) {
    const answer = await ask();
    if (answer.outcome !== "waiting" || questions === MOST_QUESTIONS) return answer;
    hear(answer);
    await new Promise((then) => setTimeout(then, PAUSE_MILLISECONDS));
  }
}
