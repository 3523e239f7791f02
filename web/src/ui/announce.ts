type Listener = (message: string) => void;
let tell: Listener = () => {};

/** Says something to who cannot see that it has happened. */
export const announce = (message: string): void => tell(message);

/** The shell's live region listens here. */
export function listen(listener: Listener): void {
  tell = listener;
}
