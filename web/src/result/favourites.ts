/** The reader's choice: shown at once, written one after the other, and undone where writing fails. */
export class Favourites {
  private wanted: ReadonlySet<string>;
  private isWriting = false;

  constructor(
    private stored: ReadonlySet<string>,
    /** Writes all of them; answers what the server has now. */
    private readonly write: (names: string[]) => Promise<string[]>,
    private readonly onChange: (names: ReadonlySet<string>, error: Error | null) => void,
  ) {
    this.wanted = stored;
  }

  get names(): ReadonlySet<string> {
    return this.wanted;
  }

  toggle(name: string): void {
    const after = new Set(this.wanted);
    if (!after.delete(name)) after.add(name);
    this.wanted = after;
    this.onChange(after, null);
    if (!this.isWriting) void this.flush();
  }

  private async flush(): Promise<void> {
    this.isWriting = true;
    let error: Error | null = null;
    while (!error && this.wanted !== this.stored) {
      const writing = this.wanted;
      try {
        const now = new Set(await this.write([...writing].sort()));
        this.stored = now;
        if (this.wanted === writing) this.wanted = now;
      } catch (failure) {
        error = failure as Error;
        this.wanted = this.stored;
      }
    }
    this.isWriting = false;
    if (error) this.onChange(this.wanted, error);
  }
}
