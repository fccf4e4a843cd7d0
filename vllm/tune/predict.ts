import type { Measurement } from "./measure.ts";
import { type Point, pointId, type ServedModel, settingsOf, type Unfit } from "./points.ts";
import { simulate } from "./simulate.ts";
import { longestRequest, type Trace } from "./trace.ts";

/** A point with what the model says of it. */
export interface Predicted {
  point: Point;
  measured: Measurement;
}

/** Plays the trace against every point's model. `onPoint` is told after each; ends early where it returns false. */
export async function predict(
  model: ServedModel,
  trace: Trace,
  points: readonly Point[],
  onPoint: (done: number) => Promise<boolean> | boolean,
): Promise<{ fits: Predicted[]; unfit: { point: Point; why: Unfit }[] }> {
  const longest = longestRequest(trace);
  const fits: Predicted[] = [];
  const unfit: { point: Point; why: Unfit }[] = [];
  // The context's limit changes nothing in how requests below it run.
  const known = new Map<string, Measurement>();
  for (const [index, point] of points.entries()) {
    const made = settingsOf(model, point, longest);
    if ("unfit" in made) unfit.push({ point, why: made.unfit });
    else {
      const key = pointId({ ...point, context: 0 });
      const measured = known.get(key) ?? simulate(trace, made.settings, model.figures.requestMs.value);
      known.set(key, measured);
      fits.push({ point, measured });
    }
    if (!(await onPoint(index + 1))) break;
  }
  return { fits, unfit };
}
