/** Put into the page before its own scripts: notes frames and long tasks, and asks for nothing. */
(() => {
  const probe = { frames: [], tasks: [], long: [], violations: 0 };
  globalThis.probe = probe;
  addEventListener("securitypolicyviolation", () => probe.violations++);
  const watch = (type, into) =>
    new PerformanceObserver((list) => into.push(...list.getEntries())).observe({ type });
  watch("longtask", probe.tasks);
  watch("long-animation-frame", probe.long);

  let last = 0;
  requestAnimationFrame(function tick(now) {
    if (last > 0) probe.frames.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  });

  probe.begin = () => {
    for (const list of [probe.frames, probe.tasks, probe.long]) list.length = 0;
  };
  probe.read = () => {
    const longest = (list) => Math.max(0, ...list.map(({ duration }) => duration));
    return {
      frames: probe.frames.length,
      late: probe.frames.filter((gap) => gap > 50).length,
      worst: Math.max(0, ...probe.frames),
      tasks: probe.tasks.length,
      longestTask: longest(probe.tasks),
      longFrames: probe.long.length,
      blocking: probe.long.reduce((sum, { blockingDuration }) => sum + blockingDuration, 0),
    };
  };
  /** After the next frame has been painted. */
  probe.painted = () =>
    new Promise((resolve) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(null);
      });
    });
  probe.scroller = () =>
    document.querySelector("main [data-message]")?.closest("[class*=scroller]");
})();
