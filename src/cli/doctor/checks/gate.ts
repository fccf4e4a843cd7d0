import { type Check, fail, ok, skip } from "../check.ts";

/** Whether a request of the swarm really passes the model gate, on a real OpenCode and without a model. */
export const checkGate: Check = {
  name: "gate",
  group: "opencode",
  needs: ["agents"],
  // A second start of OpenCode, and an answer.
  limitMs: 300_000,
  run: async ({ say, facts }) => {
    const probe = await facts.gate();
    if (probe === undefined) return skip(say("doctor.seen.noConfig"));
    switch (probe.kind) {
      case "stands":
        return ok(say("doctor.seen.gate"));
      case "passed":
        return fail(say("doctor.seen.gate.passed"), say("doctor.mend.gate.passed"));
      case "other":
        return fail(say("doctor.seen.gate.other", { answer: probe.answer || "—" }), say("doctor.mend.gate.other"));
      case "not-asked":
        return fail(probe.reason, say("doctor.mend.pluginLoads"));
    }
  },
};
