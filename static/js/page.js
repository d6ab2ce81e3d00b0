// What the server says about the page: who reads it, in which language and zone, and where the socket is.
const said = () => document.body.dataset;

export const me = () => said().me;
export const workspace = () => said().workspace;
export const pass = () => said().pass; // of a guest, who has no account
export const livePath = () => said().live ?? '/live';
export const language = () => said().lang || document.documentElement.lang || 'en';
export const timeZone = () => said().tz || undefined;

export function signIn() {
  if (pass()) return document.dispatchEvent(new Event('pass:over')); // a guest has nothing to sign in with
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`/signin?next=${next}`);
}
