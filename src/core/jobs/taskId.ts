/** `task-YYYYMMDD-HHMMSS-xxxx`: when it was asked for (UTC), and four letters or digits. */
export const TASK_ID = /^task-\d{8}-\d{6}-[0-9a-z]{4}$/;

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * A job's id. Two jobs of one second may get the same one (one pair in 1.7 million): whoever stores it takes another then.
 *
 * @param now milliseconds since the epoch
 * @param random four or more random bytes
 */
export function taskIdOf(now: number, random: Uint8Array): string {
  const [day = "", time = ""] = new Date(now).toISOString().split("T");
  const letters = Array.from(random.subarray(0, 4), (byte) => LETTERS[byte % LETTERS.length]).join("");
  return `task-${day.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${letters}`;
}
