/* Marks what has changed when the live part is replaced: figures whose text differs, rows that were not there. */
(() => {
  let before = null;
  const read = (root) => ({
    figures: new Map([...root.querySelectorAll("[data-figure]")].map((node) => [node.id, node.textContent])),
    keys: new Set([...root.querySelectorAll("[data-key]")].map((node) => node.dataset.key)),
    open: document.activeElement?.id,
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.matches?.("[data-live]")) before = read(event.detail.target);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    const root = document.querySelector("[data-live]");
    if (!before || !root) return;
    root.querySelectorAll("[data-figure]").forEach((node) => {
      if (before.figures.has(node.id) && before.figures.get(node.id) !== node.textContent) node.classList.add("is-changed");
    });
    root.querySelectorAll("[data-key]").forEach((node) => { if (!before.keys.has(node.dataset.key)) node.classList.add("is-new"); });
    before = null;
  });
})();
