// The search page, opened from disk: a browser lets no script read a file, so the text of a page
// that was found comes as a script of its own (see nbsupport/building/sphinx/excerpts.py).
(function () {
  "use strict";

  if (location.protocol !== "file:") return;
  const waiting = new Map();
  const ask = window.fetch.bind(window);
  const home = new URL(".", location.href).href;

  window.nbExcerpt = (page, html) => waiting.get(page)?.(html);

  function excerpt(page) {
    return new Promise((done) => {
      waiting.set(page, done);
      const script = document.createElement("script");
      script.src = `${home}_excerpts/${page}.js`;
      script.onerror = () => done("");
      document.head.append(script);
    });
  }

  window.fetch = (address, ...rest) => {
    const url = new URL(address, location.href).href;
    if (!url.startsWith(home) || !url.endsWith(".html")) return ask(address, ...rest);
    const page = url.slice(home.length, -".html".length);
    return excerpt(page).then((html) => new Response(html && `<div role="main">${html}</div>`));
  };
})();
