// JSON in the browser's own stores. A store may be full, forbidden or hold something older than this
// code: then we go on without it, and say so in the console.

function over(area) {
  return {
    read(key, otherwise = null) {
      try {
        const text = area().getItem(key);
        return text === null ? otherwise : JSON.parse(text);
      } catch (error) {
        console.warn(`could not read ${key}`, error);
        return otherwise;
      }
    },
    write(key, value) {
      try {
        if (value === null || value === undefined) area().removeItem(key);
        else area().setItem(key, JSON.stringify(value));
        return true;
      } catch (error) {
        console.warn(`could not keep ${key}`, error);
        return false;
      }
    },
  };
}

/** Lives as long as this tab: survives a reload. */
export const tabStore = over(() => window.sessionStorage);
/** Lives as long as this browser: survives a power cut. */
export const deviceStore = over(() => window.localStorage);
