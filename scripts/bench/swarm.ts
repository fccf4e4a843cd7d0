import { execa } from "execa";
import workerText from "../../agents/worker.md";
import { readRole } from "../../plugin/agents.ts";
import { findOpencode } from "../../src/cli/demo/environment.ts";
import { checkedProject, opening, type Part, swarmBrain } from "../../tests/e2e/steps.ts";
import { Host, type Project, packageDir } from "../../tests/e2e/world.ts";
import { call, type Step, say, script } from "../../vllm/simulator/brain.ts";
import type { RecordedRequest } from "../../vllm/simulator/scriptedServer.ts";
import { finish, machine, progress, readArguments } from "./report.ts";
import { estimate, median } from "./statistics.ts";

const WORKERS = 8;
/** Milliseconds of every model call; with four calls one after the other, 1.2 s is what no host can beat. */
const CALL_MS = 300;
const ROUNDS = 7;
/** Against OpenCode with snapshots off: at most this; against OpenCode as it comes: at least so many times faster. */
const GOALS = { overPlain: 1.15, underSnapshots: 3 };
const CHECK = "node --version";
const ENDED: readonly string[] = ["completed", "failed", "cancelled"];

type Way = "swarm" | "plain" | "snapshots";
const WAYS: readonly Way[] = ["swarm", "plain", "snapshots"];

/**
 * Eight Workers of four model calls and three tool calls each (two writes, one bash), timed from the first Worker's first
 * request to the last Worker's end: as a swarm, and as eight child sessions of OpenCode alone with the same prompt, tools
 * and native permission rules, its snapshots off and on. One round runs all three, in turning order.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readArguments(args, { name: "rounds", fallback: ROUNDS });
  const { stdout: version } = await execa(await findOpencode({ PATH: "" }, packageDir), ["--version"]);
  const about = machine(version.trim());
  const [ours, raw] = [
    await Host.start({ latencyMs: CALL_MS }),
    await Host.start({ latencyMs: CALL_MS, plugin: false }),
  ];
  try {
    const projects: Record<Way, Project> = {
      swarm: await ours.project(checkedProject),
      plain: await rawProject(raw, false),
      snapshots: await rawProject(raw, true),
    };
    const seconds: Record<Way, number[]> = { swarm: [], plain: [], snapshots: [] };
    const between: Record<Way, number[][]> = { swarm: [], plain: [], snapshots: [] };
    // Round 0 warms up: the first session of a directory starts its instance.
    for (let round = 0; round <= options.count; round += 1) {
      const turned = WAYS.map((_, index) => WAYS[(index + round) % WAYS.length] ?? "swarm");
      for (const way of turned) {
        const { requests, end } =
          way === "swarm" ? await swarmRound(projects.swarm, round) : await rawRound(projects[way], round);
        const took = (end - Math.min(...requests.map(({ startedAt }) => startedAt))) / 1000;
        if (round > 0) {
          seconds[way].push(took);
          between[way].push(betweenCalls(requests));
        }
        progress(`round ${round}/${options.count} ${way}: ${took.toFixed(2)} s${round === 0 ? " (warm-up)" : ""}`);
        await projects[way].git("add", "-A");
        await projects[way].git("commit", "-q", "-m", `round ${round}`);
      }
    }
    const over = (way: Way) => seconds.swarm.map((took, index) => took / (seconds[way][index] ?? Number.NaN));
    const result = {
      bench: "swarm",
      machine: about,
      workers: WORKERS,
      modelCallMs: CALL_MS,
      idealSeconds: (4 * CALL_MS) / 1000,
      seconds: {
        swarm: estimate(seconds.swarm),
        plain: estimate(seconds.plain),
        snapshots: estimate(seconds.snapshots),
      },
      swarmOverPlain: estimate(over("plain")),
      snapshotsOverSwarm: estimate(over("snapshots").map((ratio) => 1 / ratio)),
      rounds: seconds,
      betweenCallsMs: {
        swarm: medians(between.swarm),
        plain: medians(between.plain),
        snapshots: medians(between.snapshots),
      },
      goals: GOALS,
      met: false,
    };
    result.met =
      result.swarmOverPlain.median <= GOALS.overPlain && result.snapshotsOverSwarm.median >= GOALS.underSnapshots;
    const line = (name: string, value: { median: number; low: number; high: number }, unit = "") =>
      `${name}: ${value.median}${unit} (95 %: ${value.low} to ${value.high})`;
    finish(
      result,
      [
        line("swarm", result.seconds.swarm, " s"),
        line("OpenCode, snapshots off", result.seconds.plain, " s"),
        line("OpenCode as it comes", result.seconds.snapshots, " s"),
        line("swarm / snapshots off", result.swarmOverPlain),
        line("as it comes / swarm", result.snapshotsOverSwarm),
      ],
      options.json,
    );
  } finally {
    await ours.close();
    await raw.close();
  }
}

interface Played {
  requests: RecordedRequest[];
  /** When the last Worker ended, milliseconds since the epoch. */
  end: number;
}

const name = (index: number) => `part${index + 1}`;
const scope = (index: number) => `src/${name(index)}/**`;

/** What every Worker does before its last word: two files, one check. */
function work(index: number, round: number): Step[] {
  const write = (part: string) =>
    call("write", {
      filePath: `src/${name(index)}/r${round}${part}.mjs`,
      content: `export const value = ${round};\n`.repeat(40),
    });
  return [write("a"), write("b"), call("bash", { command: CHECK, description: "check" })];
}

async function swarmRound(project: Project, round: number): Promise<Played> {
  const parts = Array.from({ length: WORKERS }, (_, index): Part => {
    const report = call("report_result", {
      status: "completed",
      summary: "Scripted: done.",
      qa: [{ command: CHECK, passed: true }],
    });
    return { name: name(index), scope: [scope(index)], steps: [...work(index, round), report, say("Scripted: over.")] };
  });
  const before = project.host.requests().length;
  const chat = await project.chat(swarmBrain([...opening(parts), say("Scripted: enough.")], parts));
  await chat.say("Build all parts");
  await chat.say("1");
  const { workers } = await project.until(
    "all Workers ended",
    (swarm) => swarm?.workers.length === WORKERS && swarm.workers.every(({ status }) => ENDED.includes(status)),
  );
  const failed = workers.find((worker) => worker.status !== "completed");
  if (failed) {
    const session = "session" in failed ? failed.session : undefined;
    const tools = session === undefined ? [] : await project.tools(session);
    throw new Error(`a Worker ended as ${failed.status}; its calls gave: ${JSON.stringify(tools, null, 1)}`);
  }
  const requests = project.host
    .requests()
    .slice(before)
    .filter(({ role }) => role === "worker");
  await chat.command("abort-swarm", "next round");
  // A Worker is over when its report, the fourth answer, is taken: so says the log, and so the Commander learns it.
  return { requests, end: Math.max(...workers.map((worker) => ("endedAt" in worker ? worker.endedAt : Number.NaN))) };
}

async function rawRound(project: Project, round: number): Promise<Played> {
  const { client, host } = project;
  const before = host.requests().length;
  const parent = await client.session.create({ title: "Scripted parent" });
  await Promise.all(
    Array.from({ length: WORKERS }, async (_, index) => {
      const made = await client.session.create({
        parentID: parent.data?.id ?? "",
        title: name(index),
        agent: "raw",
        permission: [
          { permission: "edit", pattern: "*", action: "deny" },
          { permission: "edit", pattern: `src/${name(index)}/*`, action: "allow" },
        ],
      });
      if (!made.data) throw new Error(`no session: ${JSON.stringify(made.error)}`);
      host.teach(made.data.id, script([...work(index, round), say("Scripted: over.")]));
      const text = `Build ${name(index)}.`;
      await client.session.prompt({ sessionID: made.data.id, agent: "raw", parts: [{ type: "text", text }] });
    }),
  );
  const requests = host
    .requests()
    .slice(before)
    .filter(({ parentSessionId }) => parentSessionId === parent.data?.id);
  // One without a report is over with the last byte of its fourth answer.
  return { requests, end: Math.max(...requests.map(({ endedAt }) => endedAt ?? Number.NaN)) };
}

/** The requests of each session, in order. */
function bySession(requests: readonly RecordedRequest[]): RecordedRequest[][] {
  const sessions = [...new Set(requests.map(({ sessionId }) => sessionId))];
  if (sessions.length !== WORKERS) throw new Error(`${sessions.length} Worker sessions instead of ${WORKERS}`);
  return sessions.map((session) => requests.filter(({ sessionId }) => sessionId === session));
}

/** Median milliseconds a Worker waited: for its start behind the first one, then after each of its answers. */
function betweenCalls(requests: readonly RecordedRequest[]): number[] {
  const sessions = bySession(requests);
  const first = Math.min(...requests.map(({ startedAt }) => startedAt));
  const steps = Math.min(...sessions.map((own) => own.length));
  return Array.from({ length: steps }, (_, step) =>
    median(sessions.map((own) => (own[step]?.startedAt ?? 0) - (step === 0 ? first : (own[step - 1]?.endedAt ?? 0)))),
  );
}

function medians(rounds: readonly number[][]): number[] {
  return (rounds[0] ?? []).map((_, step) => Math.round(median(rounds.map((round) => round[step] ?? Number.NaN))));
}

/** A project whose agent `raw` is our Worker in everything OpenCode knows of it. */
async function rawProject(host: Host, snapshot: boolean): Promise<Project> {
  const { description, prompt, permission } = readRole(workerText);
  const { report_result: _ours, ...rest } = permission;
  const agent = { raw: { description, mode: "subagent", prompt, permission: rest } };
  return host.project({ ...checkedProject, "opencode.json": JSON.stringify({ snapshot, agent }) });
}
