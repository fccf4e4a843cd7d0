import { describe, expect, test } from "vitest";
import { bypassProxy } from "../../../plugin/hooks/proxyBypass.ts";

const bypassed = (env: Record<string, string | undefined>, allowHosts: string[] = []) => {
  bypassProxy(env, allowHosts);
  return env;
};

describe("a proxy of the environment", () => {
  test("no proxy, nothing changes", () => {
    expect(bypassed({ PATH: "/bin" }, ["10.0.0.5:8001"])).toEqual({ PATH: "/bin" });
  });

  test("this machine and the allowed hosts are reached without it; what the person had stays", () => {
    const env = bypassed({ HTTPS_PROXY: "http://proxy.corp:3128", NO_PROXY: "intranet, db" }, [
      "10.0.0.5:8001",
      "http://gpu.corp:8001/v1",
      "[fd00::1]:8001",
    ]);
    expect(env.NO_PROXY).toBe("intranet,db,127.0.0.1,localhost,::1,10.0.0.5,gpu.corp,fd00::1");
    expect(env.no_proxy).toBe(env.NO_PROXY);
  });

  test("a proxy that is itself an allowed host carries the other hosts' requests, never this machine's", () => {
    const env = bypassed({ http_proxy: "proxy.corp:3128" }, ["proxy.corp:3128", "gpu.corp"]);
    expect(env.NO_PROXY).toBe("127.0.0.1,localhost,::1");
  });

  test("a proxy on this machine is not chosen by being here: it leads elsewhere", () => {
    expect(bypassed({ http_proxy: "http://127.0.0.1:3128" }, ["gpu.corp"]).NO_PROXY).toContain("gpu.corp");
  });
});
