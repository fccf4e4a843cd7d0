/** Gemini's API, whose SDK finds an error's words beside a number and a status only. */
const GOOGLE = /:(?:streamGenerateContent|generateContent)$/;

/**
 * An error of the gate's own in the form the caller's SDK reads: OpenAI's, with Anthropic's outer type, or Google's.
 *
 * @param input where the request was going
 */
export function errorResponse(
  input: string | URL | Request,
  { status, message, code }: { status: number; message: string; code: string },
): Response {
  const url = input instanceof Request ? input.url : String(input);
  const google = URL.canParse(url) && GOOGLE.test(new URL(url).pathname);
  const error = google ? { code: status, message, status: code } : { message, type: "aegis", code };
  return Response.json({ type: "error", error }, { status });
}
