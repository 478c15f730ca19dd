/* Talking to the server: one function that answers with status and body, and throws only when nothing came back. */

const PATIENCE = 12_000;

export async function post(path, body, { csrf = null, keepalive = false } = {}) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": document.documentElement.lang };
  if (csrf) headers["X-CSRFToken"] = csrf;
  if (window.SafeExamBrowser) Object.assign(headers, await browserProof());
  const response = await fetch(path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    keepalive,
    signal: AbortSignal.timeout(PATIENCE),
  });
  // A body that breaks off in the middle is no answer: reading it throws, and the request is made again.
  const text = await response.text();
  let answer = {};
  try {
    answer = JSON.parse(text);
  } catch {
    if (response.ok) throw new Error("not an answer");
  }
  return { status: response.status, body: answer, retryAfter: Number(response.headers.get("Retry-After")) || 0 };
}

/* What Safe Exam Browser says of itself to a page's script, hashed with the page's address: some of its builds send no headers. */
const BROWSER_MS = 10_000;
let asked = null;

async function browserProof() {
  const { security } = window.SafeExamBrowser;
  if (!security) return {};
  asked ??= new Promise((resolve) => {
    // It calls back by the function's name, which so must be a global one.
    window.safeExamBrowserKeysUpdated = function safeExamBrowserKeysUpdated() { resolve(); };
    setTimeout(resolve, security.updateKeys ? BROWSER_MS : 0); // keys that come later are found by the next request
    security.updateKeys?.(window.safeExamBrowserKeysUpdated);
  });
  await asked;
  const proof = { "X-Exam-Page": location.href.split("#")[0] };
  if (security.configKey) proof["X-Exam-Config-Key-Hash"] = security.configKey;
  if (security.browserExamKey) proof["X-Exam-Browser-Exam-Key-Hash"] = security.browserExamKey;
  return proof;
}

/* Fetch a page of ours as a document; `null` when the server sends us to the sign-in page instead. */
export async function page(address) {
  const response = await fetch(address, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  return paged(response);
}

/* What came back as a page: with its status, and after how many seconds to come again where it says so. */
export async function paged(response) {
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const { url: address, redirected, ok, status } = response;
  return { address, redirected, ok, status, retryAfter: Number(response.headers.get("Retry-After")) || 0, document: parsed };
}

/* The key by which the server knows this browser and tab: kept for the browser, so that a crash changes nothing; a second tab gets its own. */
export async function deviceKey(name) {
  const made = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let key = null;
  try {
    key = localStorage.getItem(name) ?? made();
    localStorage.setItem(name, key);
  } catch {
    return made();
  }
  if (!navigator.locks || (await holds(`${name}:${key}`))) return key;
  key = sessionStorage.getItem(name) ?? made();
  if (!(await holds(`${name}:${key}`))) key = made();
  sessionStorage.setItem(name, key);
  return key;
}

/* Keep the key after a sign-out in another tab has had the browser forget it: this is still the same device. */
export function keepDevice(name, key) {
  try {
    localStorage.setItem(name, localStorage.getItem(name) ?? key);
  } catch {
    // Nothing is kept here.
  }
}

/* Take a lock for the life of this page; waits a moment for a page that is just being left. */
function holds(name) {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, { signal: AbortSignal.timeout(600) }, () => {
        resolve(true);
        return new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}
