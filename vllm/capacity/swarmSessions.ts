/** A swarm of N Workers, each with one Scout, and the Commander. */
export const sessionsOf = (workers: number): number => 2 * workers + 1;
/** The most sessions N Workers can have: each with a Scout and a Librarian, and the Commander. */
export const mostSessionsOf = (workers: number): number => 3 * workers + 1;
