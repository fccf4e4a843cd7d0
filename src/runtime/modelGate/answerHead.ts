/** Status and headers of an answer whose body may have another length now. */
export function headOf(response: Response): ResponseInit {
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  headers.delete("content-encoding");
  return { status: response.status, statusText: response.statusText, headers };
}
