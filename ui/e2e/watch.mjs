/** What nobody should ever cause: a word in the console, a broken policy, a request to another host. */

/**
 * Complaints of every tab of the context, as they come; `origins` may be asked, and `expected` are
 * patterns of what the browser itself has to report. Both may grow.
 */
export async function watchContext(context, origins, expected = []) {
  const complaints = [];
  const complain = (text) => {
    if (!expected.some((pattern) => pattern.test(text))) complaints.push(text);
  };
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  context.on("page", (tab) => {
    tab.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complain(message.text());
    });
    tab.on("pageerror", (error) => complain(String(error)));
    tab.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && !origins.includes(origin)) {
        complain(`asked another host: ${request.url()}`);
      }
    });
  });
  return complaints;
}
