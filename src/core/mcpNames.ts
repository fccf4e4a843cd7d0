/** The beginning of every tool name of an MCP server: OpenCode puts `_` for what no tool's name may hold. */
export function mcpPrefix(server: string): string {
  return `${server.replace(/[^a-zA-Z0-9_-]/gu, "_")}_`;
}

/**
 * Whether a tool is one of the allowed servers'. `docs_private_x` may be a tool of `docs` or of `docs_private`: it counts as
 * allowed only where every configured server it may belong to is.
 *
 * @param configured names of all servers the host has
 */
export function isAllowedMcpTool(tool: string, allowed: readonly string[], configured: readonly string[]): boolean {
  const owns = (server: string) => tool.startsWith(mcpPrefix(server));
  return allowed.some(owns) && configured.every((server) => !owns(server) || allowed.includes(server));
}

/** Configured servers that are not allowed, but whose tools an allowed server's prefix would cover. */
export function coveredByPrefix(allowed: readonly string[], configured: readonly string[]): string[] {
  const isCovered = (server: string) => allowed.some((name) => mcpPrefix(server).startsWith(mcpPrefix(name)));
  return configured.filter((server) => !allowed.includes(server) && isCovered(server));
}
