// Lines of notes that become tasks: those that are selected, else those that begin with an empty box.
const BOX = /^\s*(?:[-*+•]\s+)?(?:\[ ?\]|☐)\s*\S/;

export function startLines() {
  // Pressing the button must not take the selection away.
  document.addEventListener('mousedown', (event) => event.target.closest?.('.make-tasks button') && event.preventDefault());
  document.addEventListener('submit', ({ target }) => {
    if (target.dataset.lines) target.elements.lines.value = wanted(document.querySelector(target.dataset.lines)).join('\n');
  }, true);
}

function wanted(notes) {
  const selection = getSelection();
  const selected = !selection.isCollapsed && notes.contains(selection.anchorNode) && notes.contains(selection.focusNode);
  if (selected) return String(selection).split('\n').filter((line) => line.trim());
  const written = [...notes.querySelectorAll('.bubble.note')].flatMap((note) => note.innerText.split('\n'));
  return written.filter((line) => BOX.test(line));
}
