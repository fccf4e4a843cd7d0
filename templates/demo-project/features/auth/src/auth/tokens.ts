import { createHmac, timingSafeEqual } from "node:crypto";
import type { Member, Role } from "./permissions.js";

const roles: readonly Role[] = ["reader", "writer", "moderator"];

const signature = (payload: string, secret: string): Buffer => createHmac("sha256", secret).update(payload).digest();

/** A token that says who one is, signed with the board's secret. */
export function issueToken(member: Member, secret: string): string {
  const payload = Buffer.from(JSON.stringify([member.name, member.role])).toString("base64url");
  return `${payload}.${signature(payload, secret).toString("base64url")}`;
}

/** The member a token names; undefined when it was not signed with this secret. */
export function readToken(token: string, secret: string): Member | undefined {
  const [payload, signed] = token.split(".");
  if (payload === undefined || signed === undefined) return undefined;
  const given = Buffer.from(signed, "base64url");
  const expected = signature(payload, secret);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const [name, role] = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as [string, Role];
  return roles.includes(role) ? { name, role } : undefined;
}
