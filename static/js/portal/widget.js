// What a site puts into its page: one frame of ours. It knows no data, sets no cookie, and says and hears seven words.
(() => {
  const own = document.currentScript;
  const address = own && new URL(own.src);
  const path = address?.pathname.match(/^(.*\/p\/widget\/[0-9a-f]{24})\.js$/)?.[1];
  if (!path || window.Tertulia) return;

  const spanish = (own.dataset.lang || document.documentElement.lang || navigator.language).toLowerCase().startsWith('es');
  const frame = document.createElement('iframe');
  const phone = matchMedia('(max-width: 480px)');
  let isOpen = false;
  let isReady = false;
  let waiting = [];
  let seen = '';

  frame.src = `${address.origin}${path}?lang=${spanish ? 'es' : 'en'}&site=${encodeURIComponent(location.origin)}`;
  frame.title = own.dataset.title || 'Chat';
  frame.allow = 'clipboard-write';
  frame.referrerPolicy = 'no-referrer';
  Object.assign(frame.style, { position: 'fixed', border: '0', zIndex: '2147483000', background: 'transparent', colorScheme: 'light dark' });

  function fit() {
    const whole = isOpen && phone.matches;
    const [width, height] = whole ? ['100%', '100%'] : isOpen ? ['400px', 'min(660px, calc(100vh - 16px))'] : ['76px', '76px'];
    const edge = whole ? '0' : '8px';
    const lifted = isOpen && !whole;
    Object.assign(frame.style, { width, height, right: edge, bottom: edge, borderRadius: lifted ? '14px' : '0', boxShadow: lifted ? '0 6px 28px #0005' : 'none' });
  }

  // Only to our own origin: whatever else has come into the frame hears nothing.
  function say(word, more) {
    if (isReady) frame.contentWindow.postMessage({ tertulia: 1, word, ...more }, address.origin);
    else waiting.push([word, more]);
  }

  function tellPage() {
    const here = location.href + document.title;
    if (here === seen) return;
    seen = here;
    say('page', { url: location.href.slice(0, 2000), title: document.title.slice(0, 200), referrer: document.referrer.slice(0, 2000) });
  }

  addEventListener('message', ({ origin, source, data }) => {
    if (origin !== address.origin || source !== frame.contentWindow || data?.tertulia !== 1) return;
    if (data.word === 'ready') {
      isReady = true;
      waiting.splice(0).forEach(([word, more]) => say(word, more));
      tellPage();
    }
    if (data.word === 'size') {
      isOpen = data.open === true;
      fit();
    }
  });

  phone.addEventListener('change', fit);
  addEventListener('popstate', tellPage);
  setInterval(tellPage, 2000); // a page that changes its address without loading tells nobody
  window.Tertulia = Object.freeze({
    open: () => say('open'),
    close: () => say('close'),
    forget: () => say('forget'),
    identify: (token) => typeof token === 'string' && say('identify', { token: token.slice(0, 4000) }),
  });
  if (own.dataset.identity) window.Tertulia.identify(own.dataset.identity);
  fit();
  if (document.body) document.body.append(frame);
  else addEventListener('DOMContentLoaded', () => document.body.append(frame));
})();
