import type { SandboxProbe } from "../../ports/sandbox.ts";

const INSTALL = "Install bubblewrap (`apt-get install bubblewrap`, `dnf install bubblewrap`, `pacman -S bubblewrap`).";

/** Makes one real sandbox and runs `true` in it: only that shows whether this kernel and user may. Never throws. */
export async function probeBubblewrap(bwrap: string): Promise<SandboxProbe> {
  // Loaded with the first call, here and in the files beside: a process without a swarm starts without it.
  const { execa } = await import("execa");
  const version = await execa(bwrap, ["--version"], { reject: false, stdin: "ignore", timeout: 10_000 });
  if (version.code === "ENOENT") return { usable: false, reason: `\`${bwrap}\` was not found`, mend: INSTALL };
  if (version.exitCode !== 0) {
    return { usable: false, reason: `\`${bwrap} --version\` failed: ${firstLine(version.stderr)}`, mend: INSTALL };
  }
  const args = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-net", "--unshare-pid"];
  const trial = await execa(bwrap, [...args, "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL", "--", "true"], {
    reject: false,
    stdin: "ignore",
    timeout: 10_000,
  });
  if (trial.exitCode === 0) {
    return { usable: true, kind: "bubblewrap", version: version.stdout.replace(/^bubblewrap\s*/, "").trim() };
  }
  const reason = `bubblewrap could not make a sandbox: ${firstLine(trial.stderr) || `exit ${trial.exitCode}`}`;
  return { usable: false, reason, mend: mendFor(trial.stderr) };
}

function mendFor(stderr: string): string {
  if (/uid map|Permission denied|Operation not permitted|RTM_NEWADDR/i.test(stderr)) {
    return (
      "This system forbids unprivileged user namespaces. Allow them (`sysctl kernel.unprivileged_userns_clone=1`; on " +
      "Ubuntu 24.04 and later an AppArmor profile for bwrap, or `sysctl kernel.apparmor_restrict_unprivileged_userns=0`); " +
      "in a container, start it with a seccomp profile that permits them."
    );
  }
  if (/No space left|Resource temporarily/i.test(stderr)) {
    return "Raise `sysctl user.max_user_namespaces` and `user.max_mnt_namespaces` (0 switches them off).";
  }
  return "Run `bwrap --ro-bind / / --unshare-all true` by hand and mend what it reports.";
}

function firstLine(text: string | undefined): string {
  return (text ?? "").trim().split("\n")[0] ?? "";
}
