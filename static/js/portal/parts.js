// Puts what the server says into the page: by id, in the order of the messages, never under somebody's fingers.
const held = new Map(); // id → the part that waits until nobody writes there

export const find = (id) => document.getElementById(id);

export function parse(html) {
  const inner = document.createElement('template');
  inner.innerHTML = html;
  return inner.content;
}

export function applyParts(html) {
  for (const part of parse(html).querySelectorAll('hx-partial')) {
    const target = document.querySelector(part.getAttribute('hx-target'));
    if (target) (part.getAttribute('hx-swap') === 'beforeend' ? append : replace)(target, [...part.children]);
  }
  writeTimes(document);
}

function append(list, children) {
  for (const child of children) {
    const known = find(child.id);
    if (known) known.replaceWith(child);
    else list.insertBefore(child, [...list.children].find((other) => numberOf(other) > numberOf(child)) ?? null);
  }
  list.lastElementChild?.scrollIntoView?.({ block: 'nearest' });
}

function replace(target, [fresh]) {
  if (isWriting(target)) return held.set(target.id, fresh);
  target.replaceWith(fresh);
}

const isWriting = (target) =>
  [...target.querySelectorAll('textarea, input[type=text]')].some((one) => one === document.activeElement || one.value !== one.defaultValue);

document.addEventListener('focusout', () =>
  setTimeout(() => {
    for (const [id, fresh] of held) {
      const target = find(id);
      if (target && isWriting(target)) continue;
      held.delete(id);
      target?.replaceWith(fresh);
    }
  }),
);

export const numberOf = (line) => Number(line.dataset.n ?? 0);

export const lastNumber = () => Math.max(0, ...[...document.querySelectorAll('#said > li')].map(numberOf));

// The newest line of a part of the conversation that is a case of its own: its numbers are not those of this one.
export const lastPart = () => Math.max(0, ...[...document.querySelectorAll('#said > li:not([data-n])')].map(({ id }) => Number(id.slice(5))));

export function writeTimes(root) {
  const { lang } = document.documentElement;
  const long = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' });
  const short = new Intl.DateTimeFormat(lang, { timeStyle: 'short' });
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll('time:not([data-done])')) {
    const at = new Date(time.dateTime);
    time.textContent = (at.toDateString() === today ? short : long).format(at);
    time.dataset.done = 'yes';
  }
}
