/** What the simulated models write: always the same, and hard in one way each. */

const words =
  "the deck hangs from two great cables and every lorry presses it down a little so the tower is squeezed while wind pulls at the rope near its anchor where steel meets stone".split(
    " ",
  );

/** A small repeatable generator of numbers from 0 to below `below`. */
function dice(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function sentence(roll, length = 8 + roll(12)) {
  const said = Array.from({ length }, () => words[roll(words.length)]);
  if (roll(3) === 0) said[2] = `**${said[2]}**`;
  if (roll(4) === 0) said[4] = `\`${said[4]}\``;
  return `${said.join(" ")}. `;
}

const sentences = (roll, count) => Array.from({ length: count }, () => sentence(roll)).join("");

function code(roll, lines) {
  const line = (at) =>
    `${"    ".repeat(1 + (at % 3))}const ${words[roll(words.length)]}${at} = pull(${roll(900)}, "${words[roll(words.length)]}"); // ${words[roll(words.length)]}`;
  return `\`\`\`js\n${Array.from({ length: lines }, (_, at) => line(at)).join("\n")}\n\`\`\`\n\n`;
}

function table(roll, rows, columns) {
  const row = (cell) => `| ${Array.from({ length: columns }, cell).join(" | ")} |\n`;
  const body = Array.from({ length: rows }, () =>
    row(() => `${words[roll(words.length)]} ${roll(9999)}`),
  );
  return `${row((_, at) => `column ${at}`)}${row(() => "--")}${body.join("")}\n`;
}

function list(roll, items) {
  const item = (at) =>
    at % 5 === 4
      ? `  - ${sentence(roll)}\n`
      : `- ${sentence(roll)}${at % 7 === 3 ? "\n  and more of it" : ""}\n`;
  return `${Array.from({ length: items }, (_, at) => item(at)).join("")}\n`;
}

const formula = (roll) =>
  `For $L_{${roll(9)}}$ and a sag $f$ the pull is\n\n$$H = \\frac{q\\,L^2}{${roll(90)} f}$$\n\n`;

/** What people mostly get: paragraphs, and some of everything. */
function mixed(roll, length) {
  let text = "";
  for (let at = 0; text.length < length; at++) {
    text += `## ${sentence(roll, 4)}\n\n${sentences(roll, 4)}\n\n${sentences(roll, 3)}\n\n`;
    if (at % 3 === 0) text += list(roll, 6);
    if (at % 4 === 1) text += code(roll, 14);
    if (at % 5 === 2) text += table(roll, 6, 4);
    if (at % 6 === 3) text += formula(roll);
  }
  return text.slice(0, length);
}

function until(length, make) {
  let text = "";
  while (text.length < length) text += make(text.length);
  return text.slice(0, length);
}

/** The first word of a question chooses one of these. */
export const writers = {
  mixed,
  list: (roll, length) => until(length, () => list(roll, 4000)),
  // A list whose items are all part of one another, as deep as people bear.
  nested: (roll, length) =>
    until(length, (at) => `${"  ".repeat(Math.floor(at / 200) % 5)}- ${sentence(roll, 6)}\n`),
  code: (roll, length) => until(length, () => code(roll, 4000)),
  paragraph: (roll, length) => until(length, () => sentence(roll)),
  table: (roll, length) => until(length, () => table(roll, 2000, 9)),
  quote: (roll, length) => until(length, () => `> ${sentence(roll)}\n${roll(4) ? "" : ">\n"}`),
};

export const answer = (kind, length, seed = 1) => writers[kind](dice(seed), length);

/** A text in pieces of six characters on average. */
export function cutUp(text) {
  const roll = dice(7);
  const pieces = [];
  for (let at = 0; at < text.length; ) {
    const size = 3 + roll(7);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

/** Questions and answers in turn, some short, one in 20 as long as 50 KB. */
export function conversation(count) {
  const roll = dice(3);
  return Array.from({ length: count }, (_, at) => {
    if (at % 2 === 0) return sentences(roll, 1 + roll(3));
    if (at % 40 === 39) return mixed(roll, 50_000);
    if (at % 4 === 3) return mixed(roll, 600 + roll(3000));
    return sentences(roll, 2 + roll(5)) + (at % 8 === 1 ? `\n\n${formula(roll)}` : "");
  });
}
