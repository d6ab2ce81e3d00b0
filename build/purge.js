// Takes out of a style sheet what nothing on our pages can match: rules whose classes, tags or attributes are no word
// of any template, script or of what draws people's texts. A word counts wherever it stands, so names chosen in expressions are kept; a name must
// only not be glued from parts (tests/house/test_sheet.py).
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PurgeCSS } from 'purgecss';

const SOURCES = ['templates', 'static/js'];
const DRAWING = 'server/kit/markdown.py'; // what people write has classes too

export async function purged(sheet) {
  const names = SOURCES.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()));
  const content = names.map((entry) => ({ raw: readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8'), extension: 'html' }));
  content.push({ raw: readFileSync(DRAWING, 'utf8'), extension: 'html' });
  const [{ css }] = await new PurgeCSS().purge({ content, css: [{ raw: readFileSync(sheet, 'utf8') }] });
  return css;
}
