/** An EventSource that a test opens, breaks and speaks through. */

export class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: FakeEventSource[] = [];

  static get last(): FakeEventSource {
    const last = FakeEventSource.all.at(-1);
    if (!last) throw new Error("no EventSource was opened");
    return last;
  }

  readyState = FakeEventSource.CONNECTING;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    FakeEventSource.all.push(this);
  }

  close() {
    this.readyState = FakeEventSource.CLOSED;
  }

  open() {
    this.readyState = FakeEventSource.OPEN;
    this.onopen?.();
  }

  say(type: string, data: unknown, id: number | string = "") {
    const init = { data: JSON.stringify(data), lastEventId: String(id) };
    this.dispatchEvent(new MessageEvent(type, init));
  }

  /** The connection broke and the browser tries again by itself. */
  break() {
    this.readyState = FakeEventSource.CONNECTING;
    this.onerror?.();
  }

  /** A status such as 204, 401 or 503: the browser does not try again. */
  giveUp() {
    this.readyState = FakeEventSource.CLOSED;
    this.onerror?.();
  }
}
