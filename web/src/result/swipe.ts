import { useRef } from "preact/hooks";

const FAR = 48;

/** Handlers for a finger that is drawn across. */
export function useSwipe({
  isOn,
  onLeft,
  onRight,
  onDown,
}: {
  isOn: boolean;
  onLeft: () => void;
  onRight: () => void;
  onDown: () => void;
}) {
  const from = useRef<{ x: number; y: number } | null>(null);
  const onPointerDown = (event: PointerEvent) => {
    from.current =
      isOn && event.isPrimary && event.pointerType !== "mouse" ? { x: event.clientX, y: event.clientY } : null;
  };
  const onPointerUp = (event: PointerEvent) => {
    if (!from.current || !event.isPrimary) return;
    const [x, y] = [event.clientX - from.current.x, event.clientY - from.current.y];
    from.current = null;
    if (Math.abs(x) > FAR && Math.abs(x) > 2 * Math.abs(y)) (x < 0 ? onLeft : onRight)();
    else if (y > 2 * FAR && y > 2 * Math.abs(x)) onDown();
  };
  return { onPointerDown, onPointerUp, onPointerCancel: () => void (from.current = null) };
}
