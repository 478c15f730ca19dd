/* Typed JSON to the server: resolves with the answer whatever its status, rejects only when the line is down. */

export async function post(address, body, csrf = null, keepalive = false) {
  const headers = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang };
  if (csrf) headers["X-CSRFToken"] = csrf;
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), keepalive, credentials: "same-origin" });
  const answer = await response.json().catch(() => ({}));
  return { ok: response.ok, status: response.status, answer, retryAfter: Number(response.headers.get("Retry-After")) || 0 };
}
