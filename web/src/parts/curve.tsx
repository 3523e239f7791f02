import { useEffect, useId, useRef, useState } from "preact/hooks";

import { number } from "../texts";
import { ticks, type Point } from "./ticks";

const HEIGHT = 220;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;

/** A line through points, drawn as wide as its place is; what it says stands in a table beside it. */
export function Curve({
  points,
  name,
  xName,
  yName,
}: {
  points: readonly Point[];
  name: string;
  xName: string;
  yName: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  const id = useId();
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.round(entry!.contentRect.width))));
    watch.observe(place.current!);
    return () => watch.disconnect();
  }, []);

  const xTicks = ticks(0, Math.max(...points.map(([x]) => x)), width < 480 ? 3 : 6);
  const yTicks = ticks(Math.min(...points.map(([, y]) => y)), Math.max(...points.map(([, y]) => y)), 4);
  const [xLast, yFirst, yLast] = [xTicks.at(-1)!, yTicks[0]!, yTicks.at(-1)!];
  const xAt = (x: number) => LEFT + (x / xLast) * (width - LEFT - RIGHT);
  const yAt = (y: number) => TOP + ((yLast - y) / (yLast - yFirst)) * (HEIGHT - TOP - BOTTOM);
  const path = points.map(([x, y], index) => `${index ? "L" : "M"}${xAt(x).toFixed(1)} ${yAt(y).toFixed(1)}`).join("");
  const [lastX, lastY] = points.at(-1)!;
  return (
    <div class="curve" ref={place}>
      <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-labelledby={id}>
        <title id={id}>{name}</title>
        {yTicks.map((y) => (
          <g key={y}>
            <line class="curve-rule" x1={LEFT} x2={width - RIGHT} y1={yAt(y)} y2={yAt(y)} />
            <text x={LEFT - 8} y={yAt(y) + 4} text-anchor="end">
              {number(y, { maximumSignificantDigits: 3 })}
            </text>
          </g>
        ))}
        {xTicks.map((x, index) => (
          <text
            key={x}
            x={xAt(x)}
            y={HEIGHT - BOTTOM + 18}
            text-anchor={index === xTicks.length - 1 ? "end" : "middle"}
          >
            {number(x, { maximumSignificantDigits: 3 })}
          </text>
        ))}
        <text class="curve-name" x={width - RIGHT} y={HEIGHT - 3} text-anchor="end">
          {xName}
        </text>
        <text class="curve-name" x={LEFT + 8} y={TOP + 12}>
          {yName}
        </text>
        <path class="curve-line" d={path} />
        <circle class="curve-last" cx={xAt(lastX)} cy={yAt(lastY)} r={4} />
      </svg>
    </div>
  );
}
