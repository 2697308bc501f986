// The page's words, in the page's language. The server writes them into the page (pos/words.py), so
// that even a browser which is not yet a till can say what to do.

const holder = document.getElementById("words");
const words = holder ? JSON.parse(holder.textContent) : {};

export const language = document.documentElement.lang || "fr";
const plural = new Intl.PluralRules(language);

/** The sentence behind `key`, with each {name} filled in. */
export function t(key, values = {}) {
  const sentence = words[key];
  if (sentence === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The same for a count: `key.one` or `key.other`, as the language counts. */
export function tn(key, count, values = {}) {
  const form = plural.select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { count, ...values });
}

/** Every text has a key here; a test compares it with what the modules ask for. */
export function has(key) {
  return key in words;
}

/** Remember the language for every page of this browser, then show this one in it. */
export function speak(code) {
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `django_language=${code};path=/;max-age=31536000;samesite=lax${secure}`;
  location.reload();
}
