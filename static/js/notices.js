// The number of new notices, in the title and on the icon of the tab.
import htmx from 'htmx.org';

let plainTitle;
let plainIcon;

export function startNotices() {
  show();
  htmx.on('htmx:after:swap', show);
}

function show() {
  const place = document.querySelector('[data-notice-count]');
  if (!place) return;
  const count = Number(place.dataset.noticeCount || place.textContent) || 0;
  const title = document.title.replace(/^\(\d+\+?\) /, '');
  if (title !== plainTitle) plainTitle = title;
  document.title = count ? `(${count > 99 ? '99+' : count}) ${plainTitle}` : plainTitle;
  badge(count > 0);
}

function badge(on) {
  const link = document.querySelector('link[rel~=icon]');
  if (!link) return;
  plainIcon ??= link.href;
  if (!on) link.href = plainIcon;
  else if (link.href === plainIcon) paint(link);
}

// Drawn here, because the icon's file is one for everybody.
function paint(link) {
  const logo = new Image();
  logo.addEventListener('load', () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
    const pen = canvas.getContext('2d');
    pen.drawImage(logo, 0, 0, 64, 64);
    pen.fillStyle = '#c4342a';
    pen.strokeStyle = '#fff';
    pen.lineWidth = 4;
    pen.beginPath();
    pen.arc(49, 15, 13, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    link.href = canvas.toDataURL('image/png');
  });
  logo.src = plainIcon;
}
