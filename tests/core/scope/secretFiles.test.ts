import { expect, test } from "vitest";
import { isSecretFile } from "../../../src/core/scope/secretFiles.ts";

test.each([".env", ".ENV", ".env.local", ".env.production", ".env-old", ".envrc", "prod.env", "apps/web/.env.test"])(
  "%s is a file of secrets",
  (name) => expect(isSecretFile(name)).toBe(true),
);

test.each([
  ".env.example",
  ".env.local.example",
  "apps/.env.sample",
  ".env.template",
  "env.ts",
  "vite-env.d.ts",
  "src/app.env.ts",
  ".environment",
  ".env/config",
])("%s is not", (name) => expect(isSecretFile(name)).toBe(false));
