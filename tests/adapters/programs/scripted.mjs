#!/usr/bin/env node
// Stands in for a command line: plays the transcript that SCRIPTED names, or misbehaves as SCRIPTED_MODE says.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

if (["acp", "serve"].includes(process.argv[2] ?? "")) {
  process.stderr.write(`scripted: there is no ${process.argv[2]} here\n`);
  process.exit(3);
}
const { SCRIPTED_DIR, SCRIPTED_CASE, SCRIPTED_MODE, SCRIPTED_NOTES } = process.env;
// SCRIPTED names a file; SCRIPTED_DIR and SCRIPTED_CASE the one for the name this program was called by.
const name = basename(process.argv[1] ?? "");
const { SCRIPTED = join(SCRIPTED_DIR ?? "", `${name}-${SCRIPTED_CASE}.json`) } = process.env;
const stdin = readFileSync(0, "utf8");
const note = (more) =>
  SCRIPTED_NOTES &&
  writeFileSync(SCRIPTED_NOTES, JSON.stringify({ args: process.argv.slice(2), stdin, pid: process.pid, ...more }));

if (SCRIPTED_MODE === "hang" || SCRIPTED_MODE === "deaf") {
  // One child in the group and one in a session of its own, as OpenCode's shells are.
  const here = spawn("sleep", ["600"], { stdio: "inherit" });
  const away = spawn("sleep", ["600"], { stdio: "inherit", detached: true });
  if (SCRIPTED_MODE === "deaf") process.on("SIGTERM", () => process.stderr.write("not listening\n"));
  note({ children: [here.pid, away.pid] });
  process.stdout.write("started\n");
  setInterval(() => undefined, 1000);
} else {
  const { stdout, stderr, exitCode } = JSON.parse(readFileSync(SCRIPTED, "utf8"));
  const children = [];
  if (SCRIPTED_MODE === "leaves") {
    children.push(spawn("sleep", ["600"], { stdio: "ignore", detached: true }).pid);
  }
  note({ children });
  if (SCRIPTED_MODE === "giant") {
    // 64 MB of events that mean nothing, then the real ones.
    const line = `${JSON.stringify({ type: "item.updated", text: "x".repeat(1000) })}\n`.repeat(1000);
    for (let at = 0; at < 64; at += 1) {
      if (!process.stdout.write(line)) await new Promise((resolve) => process.stdout.once("drain", resolve));
    }
  }
  process.stderr.write(stderr);
  process.stdout.write(stdout, () => process.exit(exitCode));
}
