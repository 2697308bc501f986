// Markup as tagged templates: no compiler, no bundler.

import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
