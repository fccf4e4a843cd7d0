import { mostSessionsOf, sessionsOf } from "./swarmSessions.ts";

/** How to serve a swarm: what holds its sessions at their full context. Counts of GPUs are in units of the planned server. */
export interface ServingAdvice {
  /** Sessions of their full context that one server holds at once, whole ones. */
  sessions_per_server: number;
  /** One server holds the Workers, a Scout each and the Commander. */
  one_server: boolean;
  /** One server holds the Librarians too. */
  one_server_with_librarians: boolean;
  /** Replicas that hold the sessions where each takes its even share (vLLM's own data parallel balances so). */
  data_parallel_size: number | null;
  /** Servers behind a session-hash router that hold them with `CONFIDENCE`: a hash spreads unevenly. */
  routed_servers: number | null;
  recommended: "one-server" | "routed-servers" | "bigger-server";
}

/** Share of all hashings in which no server gets more sessions than it holds. */
export const CONFIDENCE = 0.95;
/** Beyond these the exact probability takes too long; the swarms of one person are far below. */
const MOST_SESSIONS = 1000;
const MOST_SERVERS = 256;

/** log(n!) for n from 0. */
function logFactorials(most: number): number[] {
  const logs = [0];
  for (let n = 1; n <= most; n += 1) logs.push((logs[n - 1] ?? 0) + Math.log(n));
  return logs;
}

/**
 * Probability that no server gets more than `room` of `sessions` when each session falls on one of `servers` by a uniform
 * hash. Exact: servers are filled one after the other, each binomially from what is left.
 */
export function probabilityAllFit(sessions: number, servers: number, room: number): number {
  const logs = logFactorials(sessions);
  const log = (n: number): number => logs[n] ?? 0;
  // fit[s]: the probability that the servers taken so far hold s sessions among them.
  let fit: number[] = Array.from({ length: sessions + 1 }, (_, left) => (left <= room ? 1 : 0));
  for (let count = 2; count <= servers; count += 1) {
    const one = Math.log(1 / count);
    const others = Math.log(1 - 1 / count);
    fit = fit.map((_, left) => {
      let sum = 0;
      for (let here = 0; here <= Math.min(room, left); here += 1) {
        const ways = log(left) - log(here) - log(left - here);
        sum += Math.exp(ways + here * one + (left - here) * others) * (fit[left - here] ?? 0);
      }
      return sum;
    });
  }
  return fit[sessions] ?? 0;
}

/** The fewest servers that hold the sessions with CONFIDENCE when a router hashes them; null where it is not worked out. */
export function routedServers(sessions: number, room: number): number | null {
  if (room < 1 || sessions > MOST_SESSIONS) return null;
  if (sessions <= room) return 1;
  for (let servers = Math.ceil(sessions / room); servers <= MOST_SERVERS; servers += 1)
    if (probabilityAllFit(sessions, servers, room) >= CONFIDENCE) return servers;
  return null;
}

/**
 * Which of one server, data parallel and several servers holds a swarm.
 *
 * @param maxConcurrency requests of the full context that one server holds
 */
export function adviseServing(workers: number, maxConcurrency: number): ServingAdvice {
  const sessions = sessionsOf(workers);
  const room = Math.floor(maxConcurrency);
  const oneServer = maxConcurrency >= sessions;
  return {
    sessions_per_server: room,
    one_server: oneServer,
    one_server_with_librarians: maxConcurrency >= mostSessionsOf(workers),
    data_parallel_size: room < 1 ? null : Math.ceil(sessions / room),
    routed_servers: routedServers(sessions, room),
    recommended: room < 1 ? "bigger-server" : oneServer ? "one-server" : "routed-servers",
  };
}
