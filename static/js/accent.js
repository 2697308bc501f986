// The venue's one colour. Whatever it chose must stay readable, so each theme gets the nearest shade
// that keeps 4.5:1 (WCAG AA) against its own ground, and the ink that reads on it. Runs before the
// first paint; without it tokens.css has a colour of its own.

(() => {
  const GROUNDS = { light: [246, 242, 234], dark: [42, 37, 31] };
  const WHITE = [255, 255, 255];
  const BLACK = [0, 0, 0];

  const channels = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const towards = (colour, end, share) =>
    colour.map((value, index) => Math.round(value + (end[index] - value) * share));
  const readable = (colour, ground, end) => {
    for (let share = 0; share < 1; share += 0.04) {
      const shade = towards(colour, end, share);
      if (contrast(shade, ground) >= 4.6) return shade;
    }
    return end;
  };
  const css = (colour) => `rgb(${colour.join(" ")})`;

  function wear() {
    const chosen = document.documentElement.dataset.accent;
    if (!/^#[0-9a-f]{6}$/i.test(chosen || "")) return;
    const { style } = document.documentElement;
    for (const [theme, ground, end] of [
      ["light", GROUNDS.light, BLACK],
      ["dark", GROUNDS.dark, WHITE],
    ]) {
      const shade = readable(channels(chosen), ground, end);
      const ink = contrast(shade, WHITE) >= 4.5 ? WHITE : BLACK;
      style.setProperty(`--accent-${theme}`, css(shade));
      style.setProperty(`--on-accent-${theme}`, css(ink));
    }
  }

  wear();
  // A till learns only later whose it is.
  new MutationObserver(wear).observe(document.documentElement, {
    attributeFilter: ["data-accent"],
  });
})();
