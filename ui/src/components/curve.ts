/** A value at a moment. */
export interface Sample {
  time: string;
  value: number;
}

/** The field that a curve is drawn in. */
export interface Field {
  start: number;
  span: number;
  width: number;
  height: number;
  /** The value at the upper edge. */
  top: number;
}

/** Points further apart than this have nothing between them. */
const GAP_MS = 40_000;

/** The path of a line through samples, and of the area below it; missing stretches are nought. */
export function curve(samples: readonly Sample[], field: Field): { line: string; area: string } {
  const at = (time: number) => round(((time - field.start) / field.span) * field.width);
  const level = (value: number) =>
    round(field.top <= 0 ? field.height : field.height * (1 - value / field.top));
  const points: [number, number][] = [];
  let last: number | undefined;
  for (const { time, value } of samples) {
    const moment = Date.parse(time);
    if (moment < field.start) continue;
    if (last === undefined || GAP_MS < moment - last) {
      if (last !== undefined) points.push([at(last), field.height]);
      points.push([at(moment), field.height]);
    }
    points.push([at(moment), level(value)]);
    last = moment;
  }
  if (last === undefined) return { line: "", area: "" };
  const end = field.start + field.span;
  if (GAP_MS < end - last) points.push([at(last), field.height]);
  const line = `M${points.map(([x, y]) => `${x} ${y}`).join(" L")}`;
  const first = points[0]?.[0] ?? 0;
  const right = points.at(-1)?.[0] ?? 0;
  return { line, area: `${line} L${right} ${field.height} L${first} ${field.height}Z` };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
