import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The text of `aegis.schema.json`: what an editor checks an `aegis.jsonc` against. Ends with a newline. */
export function renderJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ ...schema, title: "oh-my-qwencoder configuration", allowComments: true, allowTrailingCommas: true }, null, 2)}\n`;
}
