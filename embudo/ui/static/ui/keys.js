/* Fast hands: / search, g + letter, j k Enter Esc over rows, the keys of the row one is on, Ctrl K for every command, ? for the list of keys. */
(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const palette = document.getElementById("palette");
  const shortcuts = document.getElementById("shortcuts");
  const search = document.querySelector("[data-search]") ?? document.querySelector("main input[type=search]");
  const writes = (node) => node.closest("input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable=true]");

  /* -- rows -------------------------------------------------------------------------------------- */
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  function step(by) {
    const all = rows();
    if (!all.length) return;
    const here = all.findIndex((row) => row.classList.contains("is-here"));
    all[here]?.classList.remove("is-here");
    mark(all[Math.min(Math.max(here + by, 0), all.length - 1)]);
  }
  function mark(row) {
    row.classList.add("is-here");
    row.scrollIntoView({ block: "nearest" });
    row.querySelector("[data-open], a")?.focus({ preventScroll: true });
  }
  const begins = document.querySelector("[data-row][data-here]"); /* the page says on which row one is */
  if (begins) mark(begins);
  function open() {
    const row = document.querySelector("[data-row].is-here");
    const link = row?.querySelector("[data-open], a");
    if (!link || document.activeElement === link) return false;
    link.click();
    return true;
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || event.target.closest("a, button, input, select, label, summary") || getSelection().toString()) return;
    row.querySelector("[data-open]")?.click();
  });

  /* -- the palette: every [data-command] of the page, filtered by what is typed -------------------- */
  const field = palette.querySelector("input");
  const list = palette.querySelector("ul");
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let shown = [];
  let chosen = 0;

  function commands(typed) {
    const seen = new Set();
    const found = [...document.querySelectorAll("[data-command]")]
      .filter((node) => !seen.has(node.dataset.command) && seen.add(node.dataset.command))
      .map((node) => ({ label: node.dataset.command, keys: node.dataset.go ? `g ${node.dataset.go}` : "", run: () => node.click() }))
      .filter((command) => plain(typed).split(/\s+/).every((word) => plain(command.label).includes(word)))
      .sort((one, other) => plain(other.label).startsWith(plain(typed)) - plain(one.label).startsWith(plain(typed)));
    if (search && typed.trim()) {
      const text = words.search.replace("%(text)s", typed.trim());
      found.push({ label: text, keys: "", run: () => { search.value = typed.trim(); search.form.requestSubmit(); } });
    }
    return found;
  }
  function draw() {
    list.replaceChildren(...shown.map((command, index) => {
      const item = document.createElement("li");
      item.id = `palette-${index}`;
      item.role = "option";
      item.ariaSelected = String(index === chosen);
      const label = document.createElement("span");
      label.textContent = command.label;
      item.append(label);
      if (command.keys) {
        const keys = document.createElement("kbd");
        keys.textContent = command.keys;
        item.append(keys);
      }
      item.addEventListener("click", () => run(index));
      return item;
    }));
    if (!shown.length) {
      const none = document.createElement("li");
      none.className = "palette-none";
      none.role = "option";
      none.ariaDisabled = "true";
      none.textContent = words.nothing;
      list.append(none);
    }
    field.setAttribute("aria-activedescendant", shown.length ? `palette-${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }
  function choose() { shown = commands(field.value); chosen = 0; draw(); }
  function run(index) { const command = shown[index]; palette.close(); command?.run(); }
  function openPalette() { field.value = ""; palette.showModal(); choose(); field.focus(); }

  field.addEventListener("input", choose);
  field.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && shown.length) { event.preventDefault(); chosen = (chosen + by + shown.length) % shown.length; draw(); }
    if (event.key === "Enter") { event.preventDefault(); run(chosen); }
  });
  [palette, shortcuts].forEach((dialog) => dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }));
  document.querySelector("[data-shortcuts]")?.addEventListener("click", () => shortcuts.showModal());

  /* -- keys ---------------------------------------------------------------------------------------- */
  let waiting = 0; /* until when a letter after g counts */
  function go(letter) {
    const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
    if (link) location.assign(link.href);
  }
  function back() {
    const menu = document.querySelector("details[data-menu][open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    document.querySelector("[data-back]")?.click();
  }
  const KEYS = {
    "/": () => { search?.focus(); search?.select(); },
    "?": () => shortcuts.showModal(),
    j: () => step(1),
    k: () => step(-1),
    g: () => { waiting = Date.now() + 1200; },
    Escape: back,
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (writes(event.target)) { if (event.key === "Escape") event.target.blur(); return; }
    if (Date.now() < waiting && event.key !== "g") { waiting = 0; go(event.key); return; }
    if (event.key === "Enter") { if (open()) event.preventDefault(); return; }
    const button = document.querySelector(`[data-row].is-here [data-key="${CSS.escape(event.key)}"]`);
    if (button) { event.preventDefault(); button.click(); return; }
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
