/** Names the private directories and the running commands of one owner (a Worker's id, a role, "qa") in one swarm. */
export function privateId(swarm: string | undefined, owner: string): string {
  return `${swarm ?? "none"}-${owner}`;
}
