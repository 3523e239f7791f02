// Files are sent some at a time; what fails is tried again, and nothing is sent while there is no network.
// Nothing here loops: every end of something starts what comes next, so the page stays free however long the list is.

/** One file to send. */
export type Task = { id: number; name: string; size: number; type: string; open: () => Promise<Blob> };

/** Leave to send one file, or why it is refused. */
export type Permit = { url: string; fields: Record<string, string> } | { refused: string };

/** How a try to send a file has failed. `network`: nobody was reached; `expired`: the leave no longer holds; `busy`: it
 * may go well later; `refused`: it will not. */
export class SendProblem extends Error {
  constructor(
    readonly kind: "network" | "expired" | "busy" | "refused",
    message = "",
  ) {
    super(message);
    this.name = "SendProblem";
  }
}

export type Ports = {
  /** Leave for each task of a page, in their order; throws SendProblem. */
  ask: (tasks: readonly Task[], signal: AbortSignal) => Promise<Permit[]>;
  /** Sends one file; throws SendProblem. */
  send: (permit: { url: string; fields: Record<string, string> }, task: Task, signal: AbortSignal) => Promise<void>;
  /** Calls back after so many milliseconds; returns what calls it off. */
  later: (milliseconds: number, then: () => void) => () => void;
  isOnline: () => boolean;
  now: () => number;
  random: () => number;
  onSent: (task: Task) => void;
  onFailed: (task: Task, why: string) => void;
  /** Something is different from before. */
  onChange: () => void;
};

export type QueueState = "idle" | "sending" | "offline" | "paused" | "stopped";

export type Progress = {
  state: QueueState;
  files: number;
  sent: number;
  failed: number;
  bytes: number;
  sentBytes: number;
  /** Over the last seconds; null before anything is known. */
  bytesPerSecond: number | null;
  secondsLeft: number | null;
  /** Why the whole queue has stopped. */
  problem: string | null;
};

const PARALLEL = 6;
const PAGE = 200;
/** Fewer permits than this: the next page is asked for. */
const LOW = 60;
const MOST_TRIES = 5;
/** So many files given up in a row: it is not the files. */
const MOST_IN_VAIN = 12;
const FIRST_WAIT = 800;
const LONGEST_WAIT = 20_000;
const RATE_WINDOW = 10_000;

/** `heard`: how much had been heard of the others when nobody was reached for this one the last time. */
type Try = { task: Task; tries: number; heard?: number };
type Permitted = Try & { permit: { url: string; fields: Record<string, string> } };

/** Sends tasks until all are sent or have failed. */
export class UploadQueue {
  private waiting: Try[] = [];
  private permitted: Permitted[] = [];
  private resting = 0; // tries that wait for their time
  private active = 0;
  private asking = false;
  private askTries = 0;
  private isPaused = false;
  private problem: string | null = null;
  private inVain = 0; // files given up since one was sent
  private heard = 0; // how often anything has gone through
  /** How often in a row nobody was reached; above 0 one thing at a time is tried. */
  private silences = 0;
  private holding: (() => void) | null = null; // calls off the wait after a silence
  private calledOff = new Set<() => void>();
  private stop = new AbortController();
  private failures: Task[] = [];
  private totals = { files: 0, bytes: 0, sent: 0, sentBytes: 0 };
  private recent: Array<{ at: number; bytes: number }> = [];

  constructor(private readonly ports: Ports) {}

  /** Sends these, too. */
  add(tasks: readonly Task[]): void {
    this.totals.files += tasks.length;
    for (const task of tasks) {
      this.totals.bytes += task.size;
      this.waiting.push({ task, tries: 0 });
    }
    this.pump();
  }

  pause(): void {
    this.isPaused = true;
    this.ports.onChange();
  }

  /** Goes on after a pause or a stop. */
  resume(): void {
    this.isPaused = false;
    this.problem = null;
    this.askTries = this.inVain = 0;
    this.wake();
  }

  /** The network may be back: waits no longer. */
  wake(): void {
    this.holding?.();
    this.holding = null;
    this.pump();
  }

  /** Tries again what has failed. */
  retryFailed(): void {
    const tasks = this.failures.splice(0);
    this.waiting.push(...tasks.map((task) => ({ task, tries: 0 })));
    this.resume();
  }

  /** Gives up everything that is not sent. What has been sent stays. */
  cancel(): void {
    this.stop.abort();
    this.stop = new AbortController();
    for (const callOff of this.calledOff) callOff();
    this.calledOff.clear();
    this.holding?.();
    this.holding = null;
    this.waiting = [];
    this.permitted = [];
    this.failures = [];
    this.resting = this.active = this.silences = this.askTries = this.inVain = 0;
    this.asking = this.isPaused = false;
    this.problem = null;
    this.totals = { files: 0, bytes: 0, sent: 0, sentBytes: 0 };
    this.recent = [];
    this.ports.onChange();
  }

  get failed(): readonly Task[] {
    return this.failures;
  }

  get progress(): Progress {
    const { files, bytes, sent, sentBytes } = this.totals;
    const rate = this.rate();
    const failedBytes = this.failures.reduce((sum, task) => sum + task.size, 0);
    return {
      state: this.state(),
      files,
      sent,
      failed: this.failures.length,
      bytes,
      sentBytes,
      bytesPerSecond: rate,
      secondsLeft: rate ? Math.max(0, bytes - sentBytes - failedBytes) / rate : null,
      problem: this.problem,
    };
  }

  private state(): QueueState {
    const isDone = !this.waiting.length && !this.permitted.length && !this.active && !this.resting && !this.asking;
    if (isDone) return "idle";
    if (this.problem !== null) return "stopped";
    if (this.isPaused) return "paused";
    return this.silences > 0 || !this.ports.isOnline() ? "offline" : "sending";
  }

  private rate(): number | null {
    const since = this.ports.now() - RATE_WINDOW;
    this.recent = this.recent.filter((one) => one.at >= since);
    const first = this.recent[0];
    if (!first || this.recent.length < 2) return null;
    const seconds = Math.max(0.25, (this.ports.now() - first.at) / 1000);
    return this.recent.slice(1).reduce((sum, one) => sum + one.bytes, 0) / seconds;
  }

  private mayGoOn(): boolean {
    return !this.isPaused && this.problem === null && !this.holding && this.ports.isOnline();
  }

  /** Starts whatever can be started now. */
  private pump(): void {
    if (this.mayGoOn()) {
      if (this.silences > 0) this.probe();
      else this.fill();
    }
    this.ports.onChange();
  }

  private fill(): void {
    while (this.active < PARALLEL && this.permitted.length) void this.sendOne(this.permitted.shift()!);
    if (this.permitted.length < LOW && this.waiting.length && !this.asking) void this.askPage(PAGE);
  }

  /** Nobody was reached: one thing at a time is tried, first to ask anew for what has failed. */
  private probe(): void {
    if (this.active || this.asking) return;
    if (this.waiting.length) void this.askPage(PARALLEL);
    else if (this.permitted.length) void this.sendOne(this.permitted.shift()!);
  }

  private async askPage(size: number): Promise<void> {
    const page = this.waiting.splice(0, size);
    const { signal } = this.stop;
    this.asking = true;
    try {
      const permits = await this.ports.ask(
        page.map(({ task }) => task),
        signal,
      );
      if (signal.aborted) return;
      this.hear();
      this.askTries = 0;
      this.permit(page, permits, size < PAGE);
    } catch (error) {
      if (signal.aborted) return;
      this.waiting.unshift(...page);
      this.afterFailedAsking(problemOf(error));
    }
    this.asking = false;
    this.pump();
  }

  private permit(page: readonly Try[], permits: readonly Permit[], isFirst: boolean): void {
    const permitted: Permitted[] = [];
    page.forEach((one, place) => {
      const permit = permits[place] ?? { refused: "" };
      if ("refused" in permit) this.give(one.task, permit.refused);
      else permitted.push({ ...one, permit });
    });
    if (isFirst) this.permitted.unshift(...permitted);
    else this.permitted.push(...permitted);
  }

  private afterFailedAsking(problem: SendProblem): void {
    if (problem.kind === "network") return this.hold();
    this.askTries += 1;
    if (problem.kind === "refused" || this.askTries >= MOST_TRIES) this.problem = problem.message;
    else this.hold(this.wait(this.askTries), false);
  }

  private async sendOne(one: Permitted): Promise<void> {
    const { signal } = this.stop;
    this.active += 1;
    const heard = one.heard ?? this.heard;
    try {
      await this.ports.send(one.permit, one.task, signal);
      if (signal.aborted) return;
      this.active -= 1;
      this.hear();
      this.inVain = 0;
      this.totals.sent += 1;
      this.totals.sentBytes += one.task.size;
      this.recent.push({ at: this.ports.now(), bytes: one.task.size });
      this.ports.onSent(one.task);
    } catch (error) {
      if (signal.aborted) return;
      this.active -= 1;
      this.afterFailedSending(one, problemOf(error), this.heard > heard);
    }
    this.pump();
  }

  private afterFailedSending(one: Permitted, problem: SendProblem, hasNetwork: boolean): void {
    const { task, permit } = one;
    if (problem.kind === "network" && !hasNetwork) {
      // As long as nothing goes through, it is not this file's fault.
      this.waiting.unshift({ task, tries: one.tries, heard: this.heard });
      return this.hold();
    }
    const tries = one.tries + 1;
    if (problem.kind === "refused" || tries >= MOST_TRIES) {
      this.give(task, problem.message);
      this.inVain += 1;
      if (this.inVain >= MOST_IN_VAIN) this.problem = problem.message;
    } else if (problem.kind === "expired") {
      // The others of its page have expired with it.
      this.waiting.unshift({ task, tries }, ...this.permitted.splice(0));
    } else if (hasNetwork) {
      this.rest({ task, tries, permit });
    } else {
      this.permitted.unshift({ task, tries, permit });
      this.hold(this.wait(tries), false); // nothing else goes through either
    }
  }

  private give(task: Task, why: string): void {
    this.failures.push(task);
    this.ports.onFailed(task, why);
  }

  private hear(): void {
    this.heard += 1;
    this.silences = 0;
  }

  /** Everything waits a while. */
  private hold(milliseconds = this.wait(this.silences + 1), isSilence = true): void {
    if (this.holding) return;
    if (isSilence) this.silences += 1;
    this.holding = this.ports.later(milliseconds, () => {
      this.holding = null;
      this.pump();
    });
  }

  /** One file waits a while. */
  private rest(one: Permitted): void {
    this.resting += 1;
    const callOff = this.ports.later(this.wait(one.tries), () => {
      this.calledOff.delete(callOff);
      this.resting -= 1;
      this.permitted.unshift(one);
      this.pump();
    });
    this.calledOff.add(callOff);
  }

  /** Longer at each try, and never the same for all. */
  private wait(tries: number): number {
    return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1)) * (0.5 + this.ports.random() / 2);
  }
}

const problemOf = (error: unknown): SendProblem =>
  error instanceof SendProblem ? error : new SendProblem("busy", String(error));
