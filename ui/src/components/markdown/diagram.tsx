/** A diagram, drawn once it is about to be seen; until then, and when it cannot be drawn, its source. */
import { Trans, useLingui } from "@lingui/react/macro";
import {
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTheme } from "../../lib/theme";
import { Button } from "../button";
import { CopyButton } from "../copy-button";
import type { Picture } from "../diagrams/draw";
import styles from "./markdown.module.css";

/** So far from the screen it is drawn. */
const margin = "1000px 0px";
/** A wide one is made smaller to fit, but not by more than this; then it scrolls. */
const smallest = 0.6;

export function Diagram({ text, children }: { text: string; children: ReactNode }) {
  const { t } = useLingui();
  const figure = useRef<HTMLElement>(null);
  const [picture, setPicture] = useState<Picture | null | "waiting">("waiting");
  const [asSource, setAsSource] = useState(false);
  const near = useNear(figure);
  const theme = useTheme();
  const drawn = picture === "waiting" || asSource ? null : picture;
  useKeepBelow(figure, drawn);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours.
  useEffect(() => {
    const element = figure.current;
    if (!near || !element) return;
    let current = true;
    import("../diagrams/draw")
      .then(({ drawDiagram, paletteAt }) => drawDiagram(text, paletteAt(element)))
      .catch(() => null)
      .then((next) => {
        if (current) setPicture(next);
      });
    return () => {
      current = false;
    };
  }, [near, text, theme]);

  return (
    <figure ref={figure} className={styles.code} dir="ltr">
      <figcaption>
        <span>mermaid</span>
        <span className={styles.hint}>
          {picture === null ? (
            <Trans>This cannot be drawn. Here is its source.</Trans>
          ) : picture === "waiting" ? null : (
            <Button look="link" onClick={() => setAsSource(!asSource)}>
              {asSource ? <Trans>Show as a diagram</Trans> : <Trans>Show the source</Trans>}
            </Button>
          )}
        </span>
        <CopyButton text={text} label={t`Copy code`} />
      </figcaption>
      {drawn ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide one scrolls, so the keyboard must reach it.
        <div className={styles.diagram} tabIndex={0}>
          <img
            ref={(element) => {
              element?.style.setProperty("--least", `${Math.round(drawn.width * smallest)}px`);
            }}
            src={drawn.address}
            width={drawn.width}
            height={drawn.height}
            alt={t`A diagram, whose source can be shown`}
          />
        </div>
      ) : (
        children
      )}
    </figure>
  );
}

/** Whether it is about to be seen, or was. */
function useNear(place: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element || near) return;
    const watcher = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setNear(true),
      { rootMargin: margin },
    );
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [place, near]);
  return near;
}

/** Keeps what is below where it is on screen, when something above that changes its height. */
function useKeepBelow(place: RefObject<HTMLElement | null>, shown: unknown): void {
  const before = useRef({ shown, height: 0 });
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const { top, height } = element.getBoundingClientRect();
    const grown = height - before.current.height;
    const changed = before.current.shown !== shown;
    before.current = { shown, height };
    const scroller = changed && grown !== 0 ? scrollerOf(element) : null;
    if (scroller && top < scroller.getBoundingClientRect().top) scroller.scrollTop += grown;
  });
}

function scrollerOf(element: HTMLElement): HTMLElement | null {
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (getComputedStyle(at).overflowY === "auto") return at;
  }
  return null;
}
