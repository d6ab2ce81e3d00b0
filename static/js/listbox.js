// A field with a list of options below it: arrows, Home, End, Enter and Escape, as the ARIA combobox pattern says.
export function moveIn(list, input, event) {
  const options = [...list.querySelectorAll('[role=option]')].filter((option) => option.checkVisibility());
  const at = options.findIndex((option) => option.ariaSelected === 'true');
  const last = options.length - 1;
  const to = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, PageDown: last, PageUp: 0 }[event.key];
  if (to === undefined || !options.length) return false;
  event.preventDefault();
  select(list, input, options[to]);
  return true;
}

export function select(list, input, option) {
  for (const other of list.querySelectorAll('[role=option]')) other.ariaSelected = String(other === option);
  if (!option) return input.removeAttribute('aria-activedescendant');
  option.id ||= `option-${[...list.querySelectorAll('[role=option]')].indexOf(option)}`;
  input.setAttribute('aria-activedescendant', option.id);
  option.scrollIntoView({ block: 'nearest' });
}

export const selected = (list) => list.querySelector('[role=option][aria-selected=true]');
