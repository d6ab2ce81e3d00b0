// Every write carries an Idempotency-Key: the same for a repeat of the same act, a new one after any answer.
import htmx from 'htmx.org';
import { pass } from './page.js';

const unanswered = new WeakMap(); // element → { act, key } that got no answer yet

export function startActs() {
  htmx.registerExtension('tertulia-acts', {
    htmx_config_request: (element, { ctx }) => {
      if (pass()) ctx.request.headers.Authorization = `Bearer ${pass()}`;
      if (ctx.request.method !== 'GET') ctx.request.headers['Idempotency-Key'] = keyFor(element, ctx.request);
    },
    htmx_before_response: (element) => {
      unanswered.delete(element);
    },
  });
}

export const newKey = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map(twoDigits).join('');

const twoDigits = (byte) => byte.toString(16).padStart(2, '0');

function keyFor(element, { method, action, body }) {
  const act = JSON.stringify([method, action, [...body].map(([name, value]) => [name, value.name ?? value, value.size])]);
  if (unanswered.get(element)?.act !== act) unanswered.set(element, { act, key: newKey() });
  return unanswered.get(element).key;
}
