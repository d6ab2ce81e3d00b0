// Files that are chosen or dropped: a zone is [data-drop] with one file field in it, and may show the chosen name.
export function startFiles() {
  document.addEventListener('change', ({ target }) => target.matches?.('[data-drop] input[type=file]') && show(target));
  document.addEventListener('reset', ({ target }) => setTimeout(() => target.querySelectorAll('[data-drop] input[type=file]').forEach(show)));
  document.addEventListener('dragover', (event) => {
    const zone = zoneOf(event);
    if (zone) event.preventDefault(); // it may be dropped here
    mark(zone);
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => mark(relatedTarget?.closest?.('[data-drop]')));
  document.addEventListener('drop', drop);
  document.querySelectorAll('[data-drop] input[type=file]').forEach(show); // kept by the browser after a reload
}

function zoneOf({ target, dataTransfer }) {
  return dataTransfer?.types.includes('Files') ? target.closest?.('[data-drop]') : null;
}

const fieldOf = (zone) => zone.querySelector('input[type=file]');

function mark(zone) {
  for (const other of document.querySelectorAll('[data-drop].dropping')) if (other !== zone) other.classList.remove('dropping');
  if (zone && fieldOf(zone)) zone.classList.add('dropping');
}

function drop(event) {
  const zone = zoneOf(event);
  const field = zone && fieldOf(zone);
  mark(null);
  if (!field) return;
  event.preventDefault();
  field.files = field.multiple ? event.dataTransfer.files : only(event.dataTransfer.files[0]);
  field.dispatchEvent(new Event('change', { bubbles: true }));
}

function only(file) {
  const one = new DataTransfer();
  if (file) one.items.add(file);
  return one.files;
}

function show(field) {
  const place = field.closest('[data-drop]').querySelector('[data-drop-name]');
  if (!place) return;
  place.textContent = field.files[0]?.name ?? place.dataset.none;
  place.classList.toggle('firm', field.files.length > 0);
}
