import type { Notice } from "../types.js";

export type Role = "reader" | "writer" | "moderator";
export type Action = "read" | "post" | "pin" | "remove";

export interface Member {
  readonly name: string;
  readonly role: Role;
}

const allowed: Readonly<Record<Role, readonly Action[]>> = {
  reader: ["read"],
  writer: ["read", "post"],
  moderator: ["read", "post", "pin", "remove"],
};

/** Whether a member may do this. A writer may also remove a notice of their own. */
export function may(member: Member, action: Action, notice?: Notice): boolean {
  if (allowed[member.role].includes(action)) return true;
  return action === "remove" && member.role === "writer" && notice?.author === member.name;
}
