// Small drawings of our own, 24 x 24; always beside a word or inside something with a name.
const PATHS = {
  play: "M8 5.5v13l11-6.5z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  check: "M4.5 12.5 10 18 19.5 7",
  cross: "M6 6l12 12M18 6 6 18",
  heart: "M12 20S4 15 4 9.2A4.2 4.2 0 0 1 12 7.4a4.2 4.2 0 0 1 8 1.8C20 15 12 20 12 20z",
  left: "M15 5 8 12l7 7",
  right: "M9 5l7 7-7 7",
  download: "M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 19.5h14",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  alert: "M12 6.5v7M12 17v.5",
  share: "M12 15V4m0 0L8 8m4-4 4 4M6 12v7.5h12V12",
  copy: "M9 9h10v11H9zM5 15V4h10",
} as const;

const FILLED = new Set<keyof typeof PATHS>(["play", "pause"]);

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg
      class={FILLED.has(name) ? "icon icon-filled" : "icon"}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
