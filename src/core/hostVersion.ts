/** The version of OpenCode that everything is tested with. */
export const TESTED_OPENCODE = "1.18.33";

/** Whether the plugin works in that OpenCode (`engines.opencode` of package.json). What is no version is not supported. */
export function supportsOpencode(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./u.exec(version.trim()) ?? [];
  return Number(major) === 1 && Number(minor) >= 18;
}

/** What a person is told in a host that the plugin was not made for, the way out included. `version` as the host says it. */
export function wrongHost(version: string): string {
  return `oh-my-qwencoder is made for OpenCode 1.18 or a later 1.x, and this is OpenCode ${version}, whose plugins work differently. No swarm starts in it. Install the version that everything is tested with (\`npm install --global opencode-ai@${TESTED_OPENCODE}\`) and start it again.`;
}
