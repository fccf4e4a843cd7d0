/** The flags of `doctor`, as given. */
export interface DoctorOptions {
  opencode?: string;
  deep?: boolean;
  json?: boolean;
}
