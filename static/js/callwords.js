// The texts of calls: the room's page carries them in a data block of its own, so that other pages need not.
import { fill } from './words.js';

let words;

export function said(key, ...values) {
  words ??= JSON.parse(document.getElementById('call-words')?.textContent || '{}');
  return fill(words[key] ?? key, ...values);
}

// What went wrong with a device or a path, and what to check.
export function trouble(error, device) {
  if (!navigator.mediaDevices) return said('insecure');
  const kind = device === 'camera' ? 'camera' : device === 'screen' ? 'screen' : 'microphone';
  if (error?.name === 'NotAllowedError' || error?.name === 'SecurityError') return said(`${kind}_refused`);
  if (error?.name === 'NotReadableError' || error?.name === 'AbortError') return said(`${kind}_busy`);
  return said(`${kind}_missing`);
}
