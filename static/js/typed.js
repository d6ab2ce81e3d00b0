// Tells whether somebody is writing in a part of the page: that part is never taken from under them.
const WRITABLE = 'input, textarea, select, [contenteditable=""], [contenteditable=true]';
const PRESSED = ['button', 'submit', 'reset', 'image', 'hidden', 'range', 'color'];
const TICKED = ['checkbox', 'radio'];
const SENDS_ITSELF = ['hx-get', 'hx-post', 'hx-put', 'hx-patch', 'hx-delete', 'data-bulk-row', 'data-untracked'];

export function isBusy(element) {
  return busyControls(element).length > 0;
}

export function busyControls(element) {
  const controls = [...(element.querySelectorAll?.(WRITABLE) ?? [])];
  if (element.matches?.(WRITABLE)) controls.push(element);
  return controls.filter((control) => isWriting(control) || isChanged(control));
}

export function isWriting(control) {
  const typed = !PRESSED.includes(control.type) && !TICKED.includes(control.type);
  return typed && control.matches(WRITABLE) && (control === document.activeElement || control.contains(document.activeElement));
}

// A control that sends its own change at once (a task's tick, a search box) has nothing unsaved to lose.
export function isChanged(control) {
  if (PRESSED.includes(control.type) || control.type === 'search') return false;
  if (SENDS_ITSELF.some((name) => control.hasAttribute(name))) return false;
  if (TICKED.includes(control.type)) return Boolean(control.form) && control.checked !== control.defaultChecked;
  if (control.options) return isPickChanged(control);
  return 'defaultValue' in control && control.value !== control.defaultValue;
}

function isPickChanged(select) {
  const options = [...select.options];
  const given = options.filter((option) => option.defaultSelected);
  const before = given.length || select.multiple ? given : options.slice(0, 1);
  return options.some((option) => option.selected !== before.includes(option));
}
