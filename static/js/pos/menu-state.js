// Whether the menu is open: known to the menu and to what stands in it.

import { signal } from "@preact/signals";

export const isMenuOpen = signal(false);
