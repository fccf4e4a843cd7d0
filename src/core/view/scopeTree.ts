import { compileScope, FROM_GIT } from "../scope/contains.ts";

/** A directory or file of the project, and whose it is. */
export interface TreeNode {
  /** Its name; a directory that has but one directory in it is shown with it: "src/store". */
  name: string;
  /** From the project's root. */
  path: string;
  /** Ids of the Workers that may write everything (a directory) or the file here. */
  owners: string[];
  /** Ids of those that have written it. */
  wroteBy: string[];
  /** undefined for a file. */
  children?: TreeNode[];
  /** Files below that are not listed one by one. */
  more?: number;
}

export interface ScopeOwner {
  id: string;
  scope: readonly string[];
  wrote: readonly string[];
}

/** Files of one directory that nobody's scope holds are listed up to this many. */
const MOST_FOREIGN = 6;

interface Draft {
  files: { name: string; path: string; owners: string[]; wroteBy: string[] }[];
  dirs: Map<string, Draft>;
}

/**
 * The project's files as a tree, with each Worker's scope on it. What is nobody's is cut short; what somebody wrote is always
 * there, even where the list of files has it not yet.
 *
 * @param paths project-relative, as git spells them
 */
export function scopeTree(paths: readonly string[], owners: readonly ScopeOwner[]): TreeNode[] {
  const scopes = owners.map(({ id, scope }) => ({ id, holds: compileScope(scope, FROM_GIT) }));
  const writers = new Map<string, string[]>();
  for (const { id, wrote } of owners) for (const path of wrote) writers.set(path, [...(writers.get(path) ?? []), id]);
  const root: Draft = { files: [], dirs: new Map() };
  for (const path of new Set([...paths, ...writers.keys()])) {
    const parts = path.split("/");
    const name = parts.pop() ?? "";
    let draft = root;
    for (const part of parts) draft = dirOf(draft, part);
    const mine = scopes.flatMap(({ id, holds }) => (holds(path) ? [id] : []));
    draft.files.push({ name, path, owners: mine, wroteBy: writers.get(path) ?? [] });
  }
  return nodesOf(root, "");
}

function dirOf(draft: Draft, name: string): Draft {
  const known = draft.dirs.get(name) ?? { files: [], dirs: new Map() };
  draft.dirs.set(name, known);
  return known;
}

function nodesOf({ files, dirs }: Draft, above: string): TreeNode[] {
  const inside = [...dirs].map(([name, dir]) => dirNode(name, dir, above));
  const owned = files.filter(({ owners, wroteBy }) => owners.length > 0 || wroteBy.length > 0);
  const foreign = files.filter((file) => !owned.includes(file));
  const listed = new Set([...owned, ...foreign.slice(0, MOST_FOREIGN)]);
  const hidden = files.length - listed.size;
  const rest: TreeNode[] = hidden > 0 ? [{ name: "", path: `${above}*`, owners: [], wroteBy: [], more: hidden }] : [];
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  return [...inside.sort(byName), ...files.filter((file) => listed.has(file)).sort(byName), ...rest];
}

function dirNode(name: string, dir: Draft, above: string): TreeNode {
  const path = `${above}${name}`;
  const children = nodesOf(dir, `${path}/`);
  const [only] = children;
  if (children.length === 1 && only?.children) return { ...only, name: `${name}/${only.name}` };
  const owners = (children[0]?.owners ?? []).filter((id) => children.every((child) => child.owners.includes(id)));
  const wroteBy = [...new Set(children.flatMap((child) => child.wroteBy))].sort();
  if (owners.length === 0 && wroteBy.length === 0 && !children.some(hasOwner))
    return { name, path, owners, wroteBy, children: [], more: filesIn(dir) };
  return { name, path, owners, wroteBy, children };
}

function hasOwner({ owners, children }: TreeNode): boolean {
  return owners.length > 0 || (children ?? []).some(hasOwner);
}

function filesIn({ files, dirs }: Draft): number {
  return files.length + [...dirs.values()].reduce((sum, dir) => sum + filesIn(dir), 0);
}
