/* The emergency packet: what the server has not acknowledged, sealed to the server's key, as a file (exam/services/packet_seal.py opens it). */

const NAME = new TextEncoder().encode("EXPACK1\n");
const CURVE = { name: "ECDH", namedCurve: "P-256" };

const joined = (...parts) => new Uint8Array(parts.flatMap((part) => [...new Uint8Array(part)]));

/* Without a safe context (plain http) browsers have no cryptography to offer. */
export const possible = () => Boolean(globalThis.crypto?.subtle);

async function seal(key, text) {
  const server = Uint8Array.from(atob(key), (sign) => sign.charCodeAt(0));
  const passing = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", passing.publicKey));
  const open = await crypto.subtle.importKey("raw", server, CURVE, false, []);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: open }, passing.privateKey, 256);
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const derived = { name: "HKDF", hash: "SHA-256", salt: NAME, info: joined(server, point) };
  const shared = await crypto.subtle.deriveKey(derived, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const head = joined(NAME, point, iv);
  return joined(head, await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: head }, shared, new TextEncoder().encode(text)));
}

/* Seal a body and offer it as a download. */
export async function save(key, body, name) {
  const file = new Blob([await seal(key, JSON.stringify(body))], { type: "application/octet-stream" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name}.exampack`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
