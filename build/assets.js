// Builds static/dist/ from static/ and the npm packages: bundles, fonts, icons and manifest.json.
// Names carry a hash of their content, so browsers may keep the files for ever; the server finds them by the manifest.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { build } from 'esbuild';
import { purged } from './purge.js';

const DIST = 'static/dist';
// The order matters: ours correct Tabler, and narrow.css corrects all.
const SHEETS = [
  '@tabler/core/dist/css/tabler.min.css',
  '@fontsource-variable/inter/opsz.css',
  ...['kit', 'record', 'work', 'chat', 'calls', 'api', 'widths', 'utilities', 'narrow'].map((name) => `./static/css/${name}.css`),
];

let chunks = []; // what bundles share or load later
process.chdir(new URL('..', import.meta.url).pathname);
mkdirSync(DIST, { recursive: true });
const made = await bundle();
made['icons.svg'] = write('icons.svg', sprite(readFileSync('static/icons.txt', 'utf8')));
made['logo.svg'] = write('logo.svg', readFileSync('static/logo.svg'));
removeOthers();
writeFileSync(join(DIST, 'manifest.json'), `${JSON.stringify(made, null, 2)}\n`);

async function bundle() {
  const common = {
    bundle: true,
    minify: true,
    sourcemap: 'linked',
    metafile: true,
    outdir: DIST,
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    legalComments: 'none',
    logLevel: 'warning',
  };
  const scripts = await build({ ...common, format: 'esm', target: 'es2022', splitting: true, chunkNames: '[name]-[hash]', entryPoints: ['static/js/app.js'] });
  // The customers' pages share nothing with the workspace's: each comes whole, for a site that is not ours.
  const frame = await build({ ...common, format: 'esm', target: 'es2022', entryPoints: ['static/js/portal/frame.js'] });
  const widget = await build({ ...common, sourcemap: false, format: 'iife', target: 'es2020', entryPoints: ['static/js/portal/widget.js'] });
  const styles = await build({
    ...common,
    sourcemap: false,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    loader: { '.woff2': 'file' },
    entryPoints: [{ in: 'app.css', out: 'app' }, { in: 'static/css/portal.css', out: 'portal' }],
    plugins: [{ name: 'sheets', setup: serveSheets }],
  });
  chunks = Object.keys(scripts.metafile.outputs).map((path) => basename(path));
  return { ...named(scripts), ...named(styles), ...named(frame), ...named(widget) };
}

// app.css exists only here: the list above, as imports; of Tabler only what our pages use.
function serveSheets({ onResolve, onLoad }) {
  onResolve({ filter: /^app\.css$/ }, () => ({ path: 'app.css', namespace: 'sheets' }));
  onLoad({ filter: /.*/, namespace: 'sheets' }, () => ({
    contents: SHEETS.map((sheet) => `@import "${sheet}";`).join('\n'),
    loader: 'css',
    resolveDir: process.cwd(),
  }));
  onLoad({ filter: /tabler\.min\.css$/ }, async ({ path }) => ({ contents: await purged(path), loader: 'css' }));
}

function named({ metafile }) {
  const pairs = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint);
  return Object.fromEntries(pairs.map(([path]) => [basename(path).replace(/-[A-Z0-9]{8}(?=\.)/, ''), basename(path)]));
}

// Only the icons we show: the whole sprite is 243 KB.
function sprite(list) {
  const names = list.split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
  const from = '@tabler/icons-sprite/dist/tabler-sprite';
  const outline = readFileSync(`node_modules/${from}.svg`, 'utf8');
  const filled = readFileSync(`node_modules/${from}-filled.svg`, 'utf8');
  const symbols = [...new Set(names)].sort().map((name) =>
    name.endsWith('-filled')
      ? symbol(name, filled, `tabler-filled-${name.slice(0, -7)}`, 'fill="currentColor" stroke="none"')
      : symbol(name, outline, `tabler-${name}`, 'stroke-linecap="round" stroke-linejoin="round"'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
}

function symbol(name, source, id, attributes) {
  const start = source.indexOf(`<symbol id="${id}" `);
  if (start < 0) throw new Error(`static/icons.txt names an icon that Tabler does not have: ${name}`);
  const shapes = source.slice(source.indexOf('>', start) + 1, source.indexOf('</symbol>', start));
  const seen = shapes.replace(/<path stroke="none" d="M0 0h24v24H0z"[^>]*\/>/, '').trim();
  return `<symbol id="i-${name}" viewBox="0 0 24 24" ${attributes}>${seen}</symbol>`;
}

function write(name, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  const file = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  writeFileSync(join(DIST, file), content);
  return file;
}

// Fonts and source maps are kept because a bundle that is kept names them.
function removeOthers() {
  const bundles = Object.values(made).filter((file) => /\.(css|js)$/.test(file));
  const text = bundles.map((file) => readFileSync(join(DIST, file), 'utf8')).join('');
  const kept = (file) => Object.values(made).includes(file) || chunks.includes(file) || text.includes(file);
  for (const file of readdirSync(DIST)) if (!kept(file)) rmSync(join(DIST, file));
}
