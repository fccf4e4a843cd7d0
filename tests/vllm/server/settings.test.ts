import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { readAegisEnv } from "../../../vllm/server/aegisEnv.ts";
import { LogReader } from "../../../vllm/server/followLog.ts";
import { isLoopback } from "../../../vllm/server/settings.ts";
import { BadValue, splitWords } from "../../../vllm/server/words.ts";

describe("splitWords", () => {
  it("takes quotes and backslashes as a shell does, and nothing else", () => {
    expect(splitWords(` a  "b c" d\\ e '$(x) \\' f"g"h '' `)).toEqual(["a", "b c", "d e", "$(x) \\", "fgh", ""]);
    expect(() => splitWords(`"open`)).toThrow(BadValue);
  });

  it("gives back any words quoted one by one", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
        expect(splitWords(line)).toEqual(words);
      }),
    );
  });
});

describe("vllm/aegis.env", () => {
  it("may tune, not say what is run; another line is an error with its place", () => {
    const { values, notices } = readAegisEnv('AEGIS_BATCH="24"\r\nAEGIS_VLLM=/tmp/x\n\n# c\nAEGIS_API_KEY=k\n', "f");
    expect(values).toEqual({ AEGIS_BATCH: "24" });
    expect(notices.map((one) => [one.values.line, one.values.name])).toEqual([
      [2, "AEGIS_VLLM"],
      [5, "AEGIS_API_KEY"],
    ]);
    expect(() => readAegisEnv("A=1\nnonsense", "f")).toThrow(/f:2/);
  });
});

describe("isLoopback", () => {
  it("is this machine only", () => {
    expect(["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"].filter((host) => !isLoopback(host))).toEqual([]);
    expect(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org", "localhost.evil"].filter(isLoopback)).toEqual([]);
  });
});

describe("LogReader", () => {
  it("gives whole lines as they come, counts rewritten progress, and starts anew when the file does", async () => {
    const dir = mkdtempSync(join(tmpdir(), "omq-log-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, "log");
    const reader = new LogReader(file);
    expect(await reader.lines()).toEqual([]);
    writeFileSync(file, "one\ntw");
    expect(await reader.lines()).toEqual(["one"]);
    appendFileSync(file, "o 가\n10%\r20%\r\n");
    expect(await reader.lines()).toEqual(["two 가", "10%", "20%"]);
    writeFileSync(file, "new\n");
    expect(await reader.lines()).toEqual(["new"]);
  });
});
