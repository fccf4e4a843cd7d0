/** No server could be had, or the pool was shut down. */
export class PoolError extends Error {
  override readonly name = "PoolError";
  /** `empty`: no server is there and none could be started, so the work can be done without one. */
  readonly code: "empty" | "closed" | "ports";

  constructor(code: PoolError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
