/* What every page has: toasts, menus that close, times that age, copy buttons, word of a lost connection. */
(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  window.embudoWords = words;

  /* -- toasts ---------------------------------------------------------------------------------- */
  const SHOWN_MS = 10000;
  const stack = document.getElementById("toasts");

  function keep(card) {
    let left = setTimeout(() => card.remove(), SHOWN_MS);
    const hold = () => clearTimeout(left);
    const release = () => { left = setTimeout(() => card.remove(), SHOWN_MS / 2); };
    card.addEventListener("pointerenter", hold);
    card.addEventListener("pointerleave", release);
    card.addEventListener("focusin", hold);
    card.addEventListener("focusout", release);
    card.querySelector("[data-close]").addEventListener("click", () => card.remove());
  }

  function toast({ text, undo = "", failed = false }) {
    const card = document.getElementById("toast-template").content.cloneNode(true).firstElementChild;
    card.querySelector("span").textContent = text;
    card.classList.toggle("is-failed", failed);
    const form = card.querySelector("form");
    if (undo) form.action = undo; else form.remove();
    stack.append(card);
    keep(card);
  }
  stack.querySelectorAll("[data-toast]").forEach(keep);
  document.body.addEventListener("toasts", (event) => event.detail.value.forEach(toast));

  /* -- htmx: errors and a lost connection ------------------------------------------------------- */
  const offline = document.getElementById("offline");
  document.body.addEventListener("htmx:sendError", () => { offline.hidden = false; });
  document.body.addEventListener("htmx:afterOnLoad", () => { offline.hidden = true; });
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) return;
    const polls = event.detail.requestConfig.verb === "get";
    if (polls && status >= 500) { offline.hidden = false; return; }
    toast({ text: status === 403 ? words.forbidden : words.failed, failed: true });
  });

  /* -- tabs wider than the page: the one that is open is in sight --------------------------------- */
  document.querySelectorAll(".tabs > [aria-current]").forEach((tab) => {
    const line = tab.parentElement;
    line.scrollLeft = tab.offsetLeft - line.offsetLeft - (line.clientWidth - tab.offsetWidth) / 2;
  });

  /* -- menus made of <details data-menu> ------------------------------------------------------- */
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  /* -- copy: <button data-copy="#id"> copies that element's text -------------------------------- */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    const text = source.value ?? source.textContent;
    if (!(await copied(text, source))) return;
    const label = button.querySelector("span") ?? button;
    const before = label.textContent;
    label.textContent = words.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  });

  async function copied(text, source) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* http without TLS has no clipboard */ }
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }

  /* -- times that age: the first day of a <time data-ago> ---------------------------------------- */
  function age() {
    document.querySelectorAll("time[data-ago]").forEach((time) => {
      const seconds = Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (seconds < 0 || seconds >= 86400) return;
      const text = ago(seconds);
      if (time.textContent !== text) time.textContent = text;
    });
  }
  function ago(seconds) {
    if (seconds < 10) return words.now;
    if (seconds < 60) return words.seconds.replace("%(n)s", seconds);
    if (seconds < 3600) return words.minutes.replace("%(n)s", Math.floor(seconds / 60));
    return words.hours.replace("%(n)s", Math.floor(seconds / 3600));
  }
  setInterval(age, 10000);

  /* -- lists that grow by themselves keep only their newest rows: <ol data-keep="100"> ---------------- */
  document.body.addEventListener("htmx:oobAfterSwap", (event) => {
    const list = event.detail.target.closest("[data-keep]");
    while (list && list.children.length > Number(list.dataset.keep)) list.lastElementChild.remove();
  });

  /* -- and stand still while somebody reads them: a row is open, or the pointer rests on one ---------- */
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const card = event.detail.elt.matches("[data-poll]") && event.detail.elt.closest("[data-stands-still]");
    if (!card) return;
    const pointed = matchMedia("(hover: hover)").matches && card.querySelector("[data-keep]:hover");
    const read = Boolean(pointed || card.querySelector("[data-keep] details[open]"));
    card.classList.toggle("is-held", read);
    if (read) event.preventDefault();
  });

  /* -- tables wider than their card are scrolled with the arrow keys too ------------------------------ */
  const scrollable = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0; else target.removeAttribute("tabindex");
  }));
  function observe() { document.querySelectorAll(".table-wrap:not([role])").forEach((wrap) => scrollable.observe(wrap)); }
  observe();
  document.body.addEventListener("htmx:load", observe);

  /* -- the reader's time zone, for those who chose none in their profile ---------------------------- */
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
})();
