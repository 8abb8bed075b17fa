/** YOURS: the icons of `AppIcon`. Add your own: SVG paths on a 24 × 24 grid, drawn with a round stroke. */
import { ICONS } from "../duplex";

export const icons = {
  ...ICONS,
};

declare module "../duplex" {
  interface Register {
    icons: typeof icons;
  }
}
