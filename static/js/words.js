// The texts that scripts show, in the reader's language: the server puts its half of words.json on the page.
let words;

export function word(key, ...values) {
  words ??= JSON.parse(document.getElementById('words')?.textContent || '{}');
  return fill(words[key] ?? key, ...values);
}

export function fill(text, ...values) {
  let next = 0;
  return text.replace(/%s/g, () => values[next++] ?? '');
}

// "1 change", "3 changes": two keys, because both languages we speak have two forms.
export const counted = (key, n) => word(`${key}_${n === 1 ? 'one' : 'many'}`, n);
