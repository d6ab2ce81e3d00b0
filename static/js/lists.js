// Lists whose filters and columns live in the address: a small form builds the next address.
export function startLists() {
  document.addEventListener('click', ({ target }) => {
    if (target.closest?.('[data-filter-apply]')) filter(target.closest('[data-filter]'));
    if (target.closest?.('[data-columns-apply]')) columns(target.closest('[data-columns]'));
  });
}

// x.<field>.<operator>=<value>
function filter(box) {
  const value = (name) => box.querySelector(`[data-filter-${name}]`).value.trim();
  go((params) => params.append(`x.${value('field')}.${value('operator')}`, value('value')));
}

function columns(box) {
  const chosen = [...box.querySelectorAll('input:checked')].map((input) => input.value);
  go((params) => params.set('cols', chosen.join(',')));
}

function go(change) {
  const address = new URL(location.href);
  address.searchParams.delete('page');
  change(address.searchParams);
  location.assign(address);
}
