// When to ask the server again.

const HIDDEN_SECONDS = 30;
const LONGEST_SECONDS = 120;

/** What a poll wants to know of the page it is in. */
export type Surroundings = { isHidden: () => boolean; isOnline: () => boolean };

const PAGE: Surroundings = { isHidden: () => document.hidden, isOnline: () => navigator.onLine };

/** Seconds until the next question: seldom while nobody looks, and twice as long after each failure in a row. */
export function pause(seconds: number, isHidden: boolean, failures: number): number {
  const usual = isHidden ? Math.max(seconds, HIDDEN_SECONDS) : seconds;
  return failures ? Math.max(usual, Math.min(seconds * 2 ** failures, LONGEST_SECONDS)) : usual;
}

/** Asks at once and then every few seconds, one question at a time; without a network it waits to be woken. */
export class Poll {
  private readonly stopped = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private isAsking = false;

  constructor(
    /** Throws where it has not got an answer. */
    private readonly ask: (signal: AbortSignal) => Promise<void>,
    /** null: only once. */
    private readonly seconds: number | null,
    private readonly page: Surroundings = PAGE,
  ) {}

  start(): void {
    void this.turn();
  }

  /** The page is seen again, or the network is back: asks at once if that is so. */
  wake(): void {
    if (!this.page.isHidden() && this.page.isOnline()) void this.turn();
  }

  stop(): void {
    this.stopped.abort();
    clearTimeout(this.timer);
  }

  private async turn(): Promise<void> {
    if (this.isAsking || this.stopped.signal.aborted) return;
    this.isAsking = true;
    clearTimeout(this.timer);
    try {
      await this.ask(this.stopped.signal);
      this.failures = 0;
    } catch {
      this.failures += 1;
    }
    this.isAsking = false;
    this.plan();
  }

  private plan(): void {
    if (this.seconds === null || this.stopped.signal.aborted || !this.page.isOnline()) return;
    this.timer = setTimeout(() => void this.turn(), 1000 * pause(this.seconds, this.page.isHidden(), this.failures));
  }
}
