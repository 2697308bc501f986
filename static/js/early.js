// Asked for before the modules have arrived: what a page will read first (its address in data-read,
// separated by spaces). http.js takes the answer instead of asking again; when it came first, there
// is nothing left to do here.

if (!window.teraaEarly) {
  const paths = document.currentScript.dataset.read.split(" ");
  const ask = (path) => fetch(path, {
    headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
    credentials: "same-origin",
    cache: "no-cache",
  });
  window.teraaEarly = new Map(paths.map((path) => [path, ask(path)]));
  for (const answer of window.teraaEarly.values()) answer.catch(() => {});
}
