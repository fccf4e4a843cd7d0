import { type Command, InvalidArgumentError } from "commander";
import type { Io } from "./io.ts";
import { examples } from "./program.ts";

/** The most Workers the template has features for; also the product's default limit. */
const MOST_WORKERS = 8;
const DEFAULT_WORKERS = 4;

interface Flags {
  workers: number;
  dir?: string;
  keep?: boolean;
  json?: boolean;
  baseUrl?: string;
  model?: string;
}

const texts = {
  en: {
    description: "build a small real project with a swarm, from a scripted model: no GPU, no key",
    workers: `Workers, 1 to ${MOST_WORKERS}`,
    badWorkers: `give a whole number from 1 to ${MOST_WORKERS}`,
    dir: "where the project goes (empty or new; it is kept)",
    keep: "keep the temporary directory",
    json: "one JSON object on stdout, progress on stderr",
    baseUrl: "use the model served there instead of the scripted one",
    badUrl: "give an http(s) address such as http://127.0.0.1:8001/v1",
    model: "the model's name on that server (default: its first)",
  },
  ko: {
    description: "GPU와 키 없이, 스크립트 모델로 작은 실제 프로젝트를 스웜이 만들어 보임",
    workers: `워커 수, 1–${MOST_WORKERS}`,
    badWorkers: `1부터 ${MOST_WORKERS}까지의 정수를 주세요`,
    dir: "프로젝트를 둘 곳(비어 있거나 새 디렉터리, 남겨 둠)",
    keep: "임시 디렉터리를 남겨 둠",
    json: "stdout에 JSON 객체 하나, 진행 상황은 stderr로",
    baseUrl: "스크립트 모델 대신 그곳의 모델을 사용",
    badUrl: "http://127.0.0.1:8001/v1 같은 http(s) 주소를 주세요",
    model: "그 서버의 모델 이름(기본: 첫 번째)",
  },
} as const;

/** `demo [--workers N] [--dir D] [--keep] [--json] [--base-url U] [--model M]` */
export function registerDemo(program: Command, io: Io): void {
  const text = texts[io.lang];
  const workersOf = (word: string): number => {
    const count = /^\d+$/.test(word) ? Number(word) : 0;
    if (count < 1 || count > MOST_WORKERS) throw new InvalidArgumentError(text.badWorkers);
    return count;
  };
  const urlOf = (word: string): string => {
    if (!URL.canParse(word) || !/^https?:$/.test(new URL(word).protocol)) throw new InvalidArgumentError(text.badUrl);
    return word;
  };
  program
    .command("demo")
    .description(text.description)
    .option("--workers <count>", text.workers, workersOf, DEFAULT_WORKERS)
    .option("--dir <directory>", text.dir)
    .option("--keep", text.keep)
    .option("--json", text.json)
    .option("--base-url <url>", text.baseUrl, urlOf)
    .option("--model <name>", text.model)
    .addHelpText("after", () => examples(io, ["demo", "demo --workers 8 --dir ./notice-board", "demo --json"]))
    .action(async (flags: Flags) => {
      const { runDemo } = await import("./demo/run.ts");
      const { keep = false, json = false, ...rest } = flags;
      await runDemo(io, { ...rest, keep, json });
    });
}
