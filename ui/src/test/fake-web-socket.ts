/** A WebSocket that a test opens, breaks and speaks through. */

export class FakeWebSocket {
  static all: FakeWebSocket[] = [];

  static get last(): FakeWebSocket {
    const last = FakeWebSocket.all.at(-1);
    if (!last) throw new Error("no WebSocket was opened");
    return last;
  }

  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;

  constructor(readonly url: string) {
    FakeWebSocket.all.push(this);
  }

  close() {
    this.closed = true;
  }

  say(message: unknown) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  hello() {
    this.say({ type: "hello", max_follows: 32, ping_seconds: 20 });
  }

  break(code = 1006) {
    this.onclose?.({ code });
  }
}
