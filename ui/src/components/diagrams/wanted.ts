/** What the page and the frame that draws diagrams say to each other. */

/** Colours as `rgb(…)`. */
export interface Palette {
  ground: string;
  sunk: string;
  raised: string;
  text: string;
  quiet: string;
  line: string;
  accent: string;
  accentGround: string;
  dark: boolean;
}

export interface Wanted {
  id: number;
  text: string;
  palette: Palette;
}

export interface Drawn {
  id: number;
  /** `null`: it cannot be drawn. */
  svg: string | null;
}
