import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findVllm } from "../../../vllm/server/findVllm.ts";
import { put } from "../../cli/io.ts";

function makeDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "omq-find-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function program(path: string, text: string): string {
  put(path, text);
  chmodSync(path, 0o755);
  return path;
}

describe("finding vLLM", () => {
  it("asks the package metadata of a Python script's own interpreter, not vLLM itself", async () => {
    const dir = makeDir();
    // Stands in for a virtual environment's Python: answers `-c` as importlib.metadata would.
    const python = program(join(dir, "bin/python3.12"), '#!/bin/sh\n[ "$1" = -c ] && echo 0.33.0+cpu\n');
    const vllm = program(
      join(dir, "bin/vllm"),
      `#!${python}\nraise SystemExit("importing takes long and needs a GPU")\n`,
    );
    expect(await findVllm({ AEGIS_VLLM: vllm, PATH: process.env.PATH }, dir)).toEqual({
      found: { command: [vllm], version: "0.33.0+cpu" },
    });
  });

  it("asks the program where that says nothing, and leaves the version open where it fails", async () => {
    const dir = makeDir();
    const silent = program(join(dir, "bin/python3"), "#!/bin/sh\nexit 1\n");
    const shell = program(join(dir, "bin/vllm"), "#!/bin/sh\necho vllm 0.28.1\n");
    const broken = program(join(dir, "bin/broken"), `#!${silent}\n`);
    const version = async (words: string) => {
      const located = await findVllm({ AEGIS_VLLM: words, PATH: process.env.PATH }, dir);
      return "found" in located ? located.found.version : "not found";
    };
    expect(await version(shell)).toBe("0.28.1");
    expect(await version(`${shell} --quiet`)).toBe("0.28.1");
    expect(await version(broken)).toBeUndefined();
    expect(await findVllm({ AEGIS_VLLM: join(dir, "nowhere") }, dir)).toEqual({
      looked: `AEGIS_VLLM=${join(dir, "nowhere")}`,
    });
  });
});
