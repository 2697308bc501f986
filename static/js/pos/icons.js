// The till's own small set of signs, drawn on a 24 by 24 grid. Always beside a word, never instead.

import { html } from "./html.js";

const STROKES = {
  back: "M15 5l-7 7 7 7",
  basket: "M3 10h18l-2 10H5zM8 10l3-6M16 10l-3-6M9.5 13.5v3M14.5 13.5v3",
  bin: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  card: "M3 6.5h18v11H3zM3 10h18M6.5 14h4",
  cash: "M2.5 6.5h19v11h-19zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M5.5 9.5v.01M18.5 14.5v.01",
  check: "M4.5 12.5l5 5 10-11",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 7.5V12l3 2",
  copy: "M8.5 8.5h11v11h-11zM4.5 15.5v-11h11",
  cross: "M6 6l12 12M18 6L6 18",
  down: "M5 9l7 7 7-7",
  drawer: "M3 8.5h18v9H3zM3 8.5l2.5-4h13l2.5 4M9.5 13h5",
  erase: "M9 5.5h11.5v13H9L3.5 12zM12 9.5l5 5M17 9.5l-5 5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17",
  hourglass: "M6.5 3.5h11M6.5 20.5h11M8 3.5c0 5 8 6 8 8.5s-8 3.5-8 8.5M16 3.5c0 5-8 6-8 8.5s8 3.5 8 8.5",
  list: "M8.5 6h12M8.5 12h12M8.5 18h12M4 6v.01M4 12v.01M4 18v.01",
  lock: "M5.5 10.5h13v10h-13zM8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
  menu: "M4 6.5h16M4 12h16M4 17.5h16",
  minus: "M5 12h14",
  plus: "M12 5v14M5 12h14",
  printer: "M7 9V3.5h10V9M7 17H3.5V9h17v8H17M7 14h10v6.5H7z",
  silent: "M4 9.5v5h3.5l5 4.5V5l-5 4.5zM16 9.5l5 5M21 9.5l-5 5",
  sound: "M4 9.5v5h3.5l5 4.5V5l-5 4.5zM16 9a4.2 4.2 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  split: "M12 20.5v-7L5.5 7V3.5M12 13.5L18.5 7V3.5M3 6l2.5-2.5L8 6M16 6l2.5-2.5L21 6",
  sum: "M17.5 6.5V4H6l6.5 8L6 20h11.5v-2.5",
  undo: "M8.5 5L4 9.5 8.5 14M4 9.5h10a5.5 5.5 0 0 1 0 11H9",
  unplugged: "M4 4l16 16M2.5 9.5a14 14 0 0 1 5-3M21.5 9.5a14 14 0 0 0-10-4M6 13.5a9 9 0 0 1 4.5-2.4M18 13.5a9 9 0 0 0-2-1.6M9.5 17a4 4 0 0 1 4 -.6M12 20v.01",
  up: "M5 15l7-7 7 7",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6",
  warning: "M12 3.5l9.5 17h-19zM12 10v5M12 17.8v.01",
};

export function Icon({ name, large }) {
  return html`<svg class=${large ? "icon icon-large" : "icon"} viewBox="0 0 24 24"
    aria-hidden="true" focusable="false"><path d=${STROKES[name]} /></svg>`;
}

/** OSM's sign here: two drops passing into each other. */
export function OsmMark() {
  return html`<svg class="osm-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <circle cx="12" cy="16" r="9" /><circle cx="20" cy="16" r="9" />
    <path d="M16 7.94a9 9 0 0 1 0 16.12a9 9 0 0 1 0-16.12z" />
  </svg>`;
}
