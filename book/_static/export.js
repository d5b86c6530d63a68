// Links under each figure that has been drawn: the same figure with its title, as a PNG or an SVG
// file. They are made in this browser when they are asked for, so that a page carries none of them.
(function () {
  "use strict";

  const SCALE = 3; // of the PNG: about 2,200 pixels wide, enough for a projector and for print
  const CHARACTERS = 78; // in a line of the title, as in nbsupport/analysis/charts/figure.py

  function lines(text, most) {
    const found = [""];
    for (const word of text.trim().split(/\s+/)) {
      const longer = `${found[found.length - 1]} ${word}`.trim();
      if (longer.length > most && found[found.length - 1]) found.push(word);
      else found[found.length - 1] = longer;
    }
    return found;
  }

  function text(figure, name) {
    const node = figure.querySelector(name);
    return node ? node.textContent : "";
  }

  // The figure as it stands on the page, with its title, on a background of the page's colour.
  function titled(figure, drawing) {
    return {
      ...drawing.spec,
      padding: 14,
      background: drawing.paper,
      title: {
        text: lines(text(figure, ".nb-figure-title"), CHARACTERS),
        subtitle: lines(text(figure, ".nb-figure-subtitle"), Math.round(CHARACTERS * 1.4)),
      },
    };
  }

  async function file(figure, kind) {
    const drawing = figure.querySelector(".nb-chart").drawing;
    if (!drawing) return null; // its picture could not be drawn here
    const options = { actions: false, renderer: "none" };
    const made = await window.vegaEmbed(document.createElement("div"), titled(figure, drawing), options);
    try {
      return await made.view.toImageURL(kind, kind === "png" ? SCALE : 1);
    } finally {
      made.finalize();
    }
  }

  function save(address, name) {
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
  }

  function button(figure, kind) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "nb-download nb-export";
    made.textContent = kind.toUpperCase();
    made.setAttribute("aria-label", `This figure as ${kind.toUpperCase()}`);
    made.addEventListener("click", async () => {
      const address = await file(figure, kind);
      if (address) save(address, `${figure.id}.${kind}`);
      else made.textContent = "not drawn yet";
    });
    return made;
  }

  function start() {
    for (const figure of document.querySelectorAll("figure.nb-figure")) {
      const data = figure.querySelector("figcaption .nb-download");
      if (data && figure.querySelector(".nb-chart")) data.after(button(figure, "png"), button(figure, "svg"));
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
