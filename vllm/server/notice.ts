/** Something to tell the operator; worded in their language by the command line. */
export interface Notice {
  code: NoticeCode;
  values: Readonly<Record<string, string | number>>;
}

export type NoticeCode =
  | "flagUnknown"
  | "flagReplaced"
  | "flagNever"
  | "speculative"
  | "versionUnknown"
  | "versionNear"
  | "vllmMissing"
  | "portTaken"
  | "gpuMissing"
  | "gpuMemory"
  | "modelMissing"
  | "modelUnchecked"
  | "envFileIgnored"
  | "keyInArguments";

export const notice = (code: NoticeCode, values: Notice["values"] = {}): Notice => ({ code, values });
