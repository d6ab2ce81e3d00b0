// What forms need from a script: dialogs that close when it worked, errors that go when one tries again, the reader's own time zone.
import htmx from 'htmx.org';
import { me, signIn } from './page.js';

export function startForms() {
  htmx.on('htmx:before:request', ({ detail }) => clearErrors(formOf(detail.ctx.sourceElement)));
  htmx.on('htmx:before:response', (event) => {
    const { ctx } = event.detail;
    if (ctx.response.status !== 401 || !me()) return;
    event.preventDefault();
    signIn(); // the session has ended
  });
  htmx.on('htmx:finally:request', ({ detail }) => finish(detail.ctx));
  htmx.on('htmx:after:swap', ({ detail }) => markErrors(formOf(detail.ctx.sourceElement)));
  for (const select of document.querySelectorAll('select[data-own-timezone]')) chooseZone(select);
}

export const formOf = (element) => element?.closest?.('form');

function finish({ response, sourceElement }) {
  if (!response || response.status >= 400) return;
  const form = formOf(sourceElement);
  if (form?.hasAttribute('data-clear-on-success')) form.reset();
  if (!form?.hasAttribute('data-close-on-success')) return;
  form.reset();
  form.closest('dialog')?.close();
}

function clearErrors(form) {
  form?.querySelectorAll('[data-error-for]').forEach((place) => place.replaceChildren());
  form?.querySelectorAll('[aria-invalid]').forEach((control) => control.removeAttribute('aria-invalid'));
}

// The first wrong field gets the focus; each is tied to its sentence for those who listen.
function markErrors(form) {
  const wrong = [...(form?.querySelectorAll('[data-error-for]') ?? [])].filter((place) => place.textContent.trim());
  const controls = wrong.map((place) => {
    const control = form.elements[place.dataset.errorFor] ?? form.elements.value;
    if (!control?.setAttribute) return undefined;
    place.id ||= `error-${place.dataset.errorFor}`;
    control.setAttribute('aria-invalid', 'true');
    control.setAttribute('aria-describedby', place.id);
    return control;
  });
  if (wrong.length) document.querySelectorAll('.toasts > .err').forEach((told) => told.remove()); // it stands where it belongs
  controls.find(Boolean)?.focus();
}

function chooseZone(select) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (select.value === 'UTC' && [...select.options].some(({ value }) => value === timeZone)) select.value = timeZone;
}
