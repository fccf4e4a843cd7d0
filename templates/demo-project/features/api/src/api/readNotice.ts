import type { IncomingMessage } from "node:http";
import { InvalidNotice, type NewNotice } from "../types.js";

const MOST_BYTES = 64 * 1024;

/** Reads a notice from a JSON body. Throws `InvalidNotice` for anything else. */
export async function readNotice(request: IncomingMessage): Promise<NewNotice> {
  let text = "";
  for await (const part of request) {
    text += String(part);
    if (text.length > MOST_BYTES) throw new InvalidNotice("the notice is too long");
  }
  const value = parsed(text);
  if (typeof value !== "object" || value === null) throw new InvalidNotice("the body is no JSON object");
  const fields = value as Record<string, unknown>;
  return {
    title: textOf(fields, "title"),
    body: "body" in fields ? textOf(fields, "body") : "",
    author: textOf(fields, "author"),
    tags: Array.isArray(fields.tags) ? fields.tags.filter((tag) => typeof tag === "string") : [],
    pinned: fields.pinned === true,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidNotice("the body is no JSON");
  }
}

function textOf(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new InvalidNotice(`${name}: text is needed`);
  return value;
}
