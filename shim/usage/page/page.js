"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  prefersDark.addEventListener("change", name);
  name();

  const form = document.getElementById("filter");
  if (!form) return;
  const table = document.getElementById("sites");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const output = form.querySelector("output");
  const none = document.getElementById("none");
  const numbers = new Set(["calls", "rate", "quiet"]);
  const fields = ["text", "service", "function", "mode", "state"];
  const count = (number) => `${number.toLocaleString("en")} site${number === 1 ? "" : "s"}`;

  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["service", "function", "state"].map((key) => [key, form.elements[key].value]);
    const mode = form.elements.mode.value;
    let shown = 0;
    for (const row of rows) {
      const data = row.dataset;
      const text = `${data.text} ${data.function} ${data.service}`.toLowerCase();
      const fits = words.every((word) => text.includes(word))
        && wanted.every(([key, value]) => !value || data[key] === value)
        && (!mode || data.mode.split(" ").includes(mode));
      row.hidden = !fits;
      shown += fits;
    }
    output.textContent = shown === rows.length ? count(shown)
      : `${shown.toLocaleString("en")} of ${count(rows.length)}`;
    none.hidden = shown > 0;
    table.hidden = shown === 0;
  };

  // The address keeps the filters: it can be sent to others, and "back" undoes a filter.
  let typing = false;
  let kept = "";
  const keep = (isText) => {
    const asked = fields.map((key) => [key, form.elements[key].value.trim()]).filter(([, value]) => value);
    const hash = asked.length ? `#${new URLSearchParams(asked)}` : "";
    if (hash !== kept) {
      try {
        history[isText && typing ? "replaceState" : "pushState"](
          null, "", hash || location.pathname + location.search,
        );
      } catch { /* A page inside another may have no address of its own. */ }
      typing = isText;
      kept = hash;
    }
    filter();
  };
  const restore = () => {
    const hash = location.hash.slice(1);
    // A link to a section is no filter.
    if (hash && !hash.includes("=")) return;
    const asked = new URLSearchParams(hash);
    for (const key of fields) {
      form.elements[key].value = asked.get(key) || "";
      if (form.elements[key].selectedIndex === -1) form.elements[key].selectedIndex = 0;
    }
    typing = false;
    kept = hash && `#${hash}`;
    filter();
  };
  const set = (values) => {
    for (const key of fields) form.elements[key].value = values[key] || "";
    keep(false);
  };

  const sort = (head) => {
    const key = head.dataset.by;
    const ascending = head.getAttribute("aria-sort") === "ascending"
      || (!head.hasAttribute("aria-sort") && numbers.has(key)) ? -1 : 1;
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending === 1 ? "ascending" : "descending");
    const value = numbers.has(key) ? (row) => Number(row.dataset[key]) : (row) => row.dataset[key];
    const compare = numbers.has(key) ? (a, b) => a - b : (a, b) => a.localeCompare(b);
    body.append(...rows.sort((a, b) => ascending * compare(value(a), value(b))));
  };

  for (const head of table.tHead.rows[0].cells) {
    const inside = document.createElement("button");
    inside.type = "button";
    inside.textContent = head.textContent;
    inside.addEventListener("click", () => sort(head));
    head.replaceChildren(inside);
  }
  for (const link of document.querySelectorAll("a[data-filter]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      set({ [link.dataset.filter]: link.dataset.value });
      form.scrollIntoView();
      table.focus({ preventScroll: true });
    });
  }
  form.addEventListener("input", (event) => keep(event.target.name === "text"));
  // Lists tell a change only, where a program or some browsers make it.
  form.addEventListener("change", (event) => keep(event.target.name === "text"));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").addEventListener("click", () => {
    set({});
    form.elements.text.focus();
  });
  addEventListener("popstate", restore);
  addEventListener("hashchange", restore);
  form.hidden = false;
  restore();
})();
