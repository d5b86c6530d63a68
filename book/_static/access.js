// What the theme leaves open for readers who use the keyboard or a screen reader.
(function () {
  "use strict";

  const SCROLLS = ".nb-scroll, .pst-scrollable-table-container, div.cell_output .output.text_html, pre";

  // Regions of one kind are told apart by a number.
  const regions = new Map();
  function own(label) {
    regions.set(label, (regions.get(label) || 0) + 1);
    return regions.get(label) > 1 ? `${label}, ${regions.get(label)}` : label;
  }

  // What scrolls sideways can be scrolled with the arrow keys too, and says what it is.
  function scrollable(box) {
    if (box.scrollWidth <= box.clientWidth + 1 || box.hasAttribute("tabindex")) return;
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", own(box.matches("pre") ? "Code that scrolls sideways" : "A table that scrolls sideways"));
  }

  function scrollables() {
    document.querySelectorAll(SCROLLS).forEach(scrollable);
  }

  // The icons of a button say nothing that its name does not; done before they become pictures.
  function quietIcons() {
    document.querySelectorAll("button[aria-label] i[title]").forEach((icon) => icon.removeAttribute("title"));
  }

  // A button is called by what is written on it, so that it can be called by voice.
  function named(button) {
    const written = button.innerText.replace(/\s+/g, " ").trim();
    const label = button.getAttribute("aria-label") || "";
    if (written && !label.toLowerCase().includes(written.toLowerCase())) {
      button.setAttribute("aria-label", written.toLowerCase().includes(label.toLowerCase()) ? written : `${label}: ${written}`);
    }
  }

  function start() {
    document.querySelectorAll("button[aria-label]").forEach(named);
    const side = document.querySelector(".bd-sidebar-primary");
    if (side) {
      side.setAttribute("role", "navigation");
      side.setAttribute("aria-label", "The book");
    }
    scrollables();
    document.addEventListener("change", (event) => event.target.closest(".nb-tabs") && scrollables());
    document.addEventListener("toggle", scrollables, true); // of a fold
  }

  document.addEventListener("DOMContentLoaded", quietIcons);
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
