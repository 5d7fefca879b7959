/** A line to a server that can be cut and mended, such as a phone's in a tunnel. */
import { once } from "node:events";
import { connect, createServer } from "node:net";

export async function layLine(port) {
  const pairs = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(port, "127.0.0.1");
    pairs.add(near).add(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        pairs.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    whole = false;
    for (const end of pairs) end.destroy();
  };
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    cut,
    mend: () => {
      whole = true;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}
