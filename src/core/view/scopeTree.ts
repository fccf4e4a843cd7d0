import { resolveGlob } from "../scope/compiledGlob.ts";
import { literalPrefix } from "../scope/prefix.ts";
import type { ScopeOwners } from "./scopeOwners.ts";

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
  /** There is nothing here yet, but a scope. */
  planned?: true;
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
  files: TreeNode[];
  dirs: Map<string, Draft>;
}

/**
 * The project's files as a tree, with each Worker's scope on it. What is nobody's is cut short; what somebody wrote is always
 * there, even where the list of files has it not yet.
 *
 * @param paths project-relative, as git spells them
 * @param scopes of these owners
 */
export function scopeTree(paths: readonly string[], owners: readonly ScopeOwner[], scopes: ScopeOwners): TreeNode[] {
  const writers = new Map<string, string[]>();
  for (const { id, wrote } of owners) for (const path of wrote) writers.set(path, [...(writers.get(path) ?? []), id]);
  const root: Draft = { files: [], dirs: new Map() };
  const all = new Set([...paths, ...writers.keys()]);
  for (const path of all) {
    plant(root, { name: "", path, owners: scopes.of(path), wroteBy: writers.get(path) ?? [] });
  }
  for (const [path, { ids, below }] of plannedPlaces(all, owners))
    plant(root, { name: below ? "/" : "", path, owners: ids, wroteBy: [], planned: true });
  return nodesOf(root, "");
}

function plant(root: Draft, node: TreeNode): void {
  const parts = node.path.split("/");
  const name = `${parts.pop() ?? ""}${node.name}`;
  let draft = root;
  for (const part of parts) draft = dirOf(draft, part);
  draft.files.push({ ...node, name });
}

/** Where scopes begin at which nothing is yet, with whose they are. */
function plannedPlaces(
  paths: ReadonlySet<string>,
  owners: readonly ScopeOwner[],
): Map<string, { ids: string[]; below: boolean }> {
  const there = new Set<string>();
  for (const path of paths)
    for (let at = path.length; at > 0; at = path.lastIndexOf("/", at - 1)) there.add(path.slice(0, at));
  const planned = new Map<string, { ids: string[]; below: boolean }>();
  for (const { id, scope } of owners)
    for (const glob of scope) {
      const resolved = resolveGlob(glob);
      const place = resolved.ok ? literalPrefix(glob) : "";
      if (place === "" || there.has(place)) continue;
      const known = planned.get(place);
      if (!known) planned.set(place, { ids: [id], below: resolved.ok && resolved.glob !== place });
      else if (!known.ids.includes(id)) known.ids.push(id);
    }
  return planned;
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
