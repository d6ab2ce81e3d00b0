// Requests of the customers' pages: with the pass, with a key per act, and with our own sentence when something is wrong.
const PATIENCE = 60_000;

let pass;

export const usePass = (token) => (pass = token);

export const newKey = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('');

// { ok, status, response } or { offline: true }.
export async function ask(method, url, fields, key) {
  const headers = { 'HX-Request': 'true' };
  if (pass) headers.Authorization = `Bearer ${pass}`;
  if (key) headers['Idempotency-Key'] = key;
  try {
    const sent = { method, headers, cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(PATIENCE) };
    if (fields) sent.body = fields instanceof FormData ? fields : new URLSearchParams(fields);
    const response = await fetch(url, sent);
    return { ok: response.ok, status: response.status, response };
  } catch {
    return { offline: true };
  }
}

export function reasonOf({ response }) {
  const said = response?.headers.get('X-Toast');
  try {
    return said ? JSON.parse(said).text : '';
  } catch {
    return '';
  }
}

export const mayPassBy = ({ offline, status }) => offline || status >= 500 || status === 429 || status === 408;
