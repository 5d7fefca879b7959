/** The worker's side: highlight.js with the languages people ask a chat about. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import nginx from "highlight.js/lib/languages/nginx";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import type { Piece } from "./highlight";

const languages = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  makefile,
  markdown,
  nginx,
  php,
  python,
  r,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

interface Node {
  scope?: string;
  children: (Node | string)[];
}

function flatten(node: Node, scope: string | null, pieces: Piece[]): Piece[] {
  for (const child of node.children) {
    if (typeof child === "string") pieces.push([child, scope]);
    else flatten(child, child.scope?.split(".")[0] ?? scope, pieces);
  }
  return pieces;
}

self.onmessage = ({ data }: MessageEvent<{ id: number; code: string; language: string }>) => {
  let pieces: Piece[] | null = null;
  try {
    if (hljs.getLanguage(data.language)) {
      const result = hljs.highlight(data.code, { language: data.language, ignoreIllegals: true });
      // The tree, because the page takes no HTML from anyone.
      const emitter = result._emitter as unknown as { rootNode: Node };
      pieces = flatten(emitter.rootNode, null, []);
    }
  } catch {
    // Code that cannot be coloured is shown plain.
  }
  self.postMessage({ id: data.id, pieces });
};
