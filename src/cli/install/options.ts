/** The flags of `install`, as given. */
export interface InstallOptions {
  global?: boolean;
  managed?: boolean;
  baseUrl?: string;
  apiKeyEnv?: string;
  model?: string;
  specialists?: boolean;
  claudeCode?: boolean;
  snapshots?: "on" | "off";
  dryRun?: boolean;
  yes?: boolean;
  uninstall?: boolean;
}
