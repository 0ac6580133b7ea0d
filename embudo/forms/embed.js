// Puts a form on somebody's page, or helps with the one that is there already; a form works without it, too.
// <script async src="https://…/f/embed.js" data-form="contact" data-lang="es"></script>
(function (window, document) {
  "use strict";
  var own = document.currentScript;
  if (!own || !window.fetch) return;
  var base = own.src.replace(/embed\.js.*$/, "");

  // -- style: layout alone, weaker than any rule of the page; fonts and colours are the page's own --------------
  var STYLE = ":where(.embudo-form,.ef-thanks){display:grid;gap:1em;font:inherit;color:inherit;max-width:36em}" +
    ":where(.ef-field,.embudo-form fieldset){border:0;margin:0;padding:0;min-width:0}" +
    ":where(.ef-label,.ef-title){display:block;font-weight:bold;padding:0;margin:0 0 .25em}:where(.ef-title){font-size:1.25em}" +
    ":where(.embudo-form p){margin:0}:where(.ef-optional,.ef-help,.ef-ends){font-size:.9em;font-weight:normal}" +
    ":where(.embudo-form input:not([type=checkbox],[type=radio],[type=hidden]),.embudo-form select,.embudo-form textarea)" +
    "{box-sizing:border-box;width:100%;font:inherit;color:inherit;background:transparent;border:1px solid currentColor;border-radius:4px;padding:.5em}" +
    ":where(.embudo-form select option){color:#000;background:#fff}" +
    ":where(.ef-box){display:flex;gap:.5em;align-items:baseline}:where(.ef-choices){display:grid;gap:.25em}" +
    ":where(.ef-scale){display:grid;grid-template-columns:repeat(11,1fr)}:where(.ef-scale .ef-box){flex-direction:column-reverse;align-items:center;gap:.25em}:where(.ef-ends){display:flex;justify-content:space-between;margin-top:.25em}" +
    ":where(.embudo-form button){font:inherit;padding:.6em 1.4em;cursor:pointer}" +
    ":where(.ef-alert,.ef-error){font-weight:bold}.ef-trap{position:absolute!important;left:-9999px!important}.ef-field[hidden],.ef-lost[hidden]{display:none!important}";

  function dress() {
    try { // a sheet made by script, which a page's policy for styles lets pass
      var sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      document.adoptedStyleSheets = [].concat(Array.prototype.slice.call(document.adoptedStyleSheets), sheet);
    } catch (e) { /* an old browser: the page's own look is enough */ }
  }

  // -- what this browser may keep: only where the site's tracker may (then it has an id), and never an answer ------
  function stored(name) {
    try { return window.localStorage.getItem("embudo_" + name) || ""; } catch (e) { return ""; }
  }
  function answered() {
    if (stored("id")) return stored("answered").split(",").filter(Boolean);
    try { window.localStorage.removeItem("embudo_answered"); } catch (e) { /* there is none */ }
    return [];
  }
  function remember(names) {
    if (!stored("id")) return;
    var all = answered().concat(names).filter(function (each, at, list) { return list.indexOf(each) === at; });
    try { window.localStorage.setItem("embudo_answered", all.slice(-50).join(",")); } catch (e) { /* full */ }
  }

  function each(list, act) { Array.prototype.forEach.call(list, act); }
  function inputs(box) { return box.querySelectorAll("input,select,textarea"); }
  function input(form, name) { return form.querySelector('input[type="hidden"][name="' + name + '"]'); }
  function set(form, name, value) {
    var there = input(form, name);
    if (!value) return;
    if (!there) {
      there = document.createElement("input");
      there.type = "hidden";
      there.name = name;
      form.appendChild(there);
    }
    there.value = value;
  }
  function values(form, name) {
    return new FormData(form).getAll(name);
  }
  function turn(box, on) {
    box.hidden = !on;
    each(inputs(box), function (each) {
      each.disabled = !on;
      if (each.type !== "checkbox" || box.querySelectorAll("input").length === 1) each.required = on && box.hasAttribute("data-required");
    });
  }

  // -- conditions and progressive fields -----------------------------------------------------------------------
  function open(form, box) {
    var when = (box.getAttribute("data-when") || "").split("\n");
    return !when[0] || values(form, when[0]).some(function (value) { return when.indexOf(value, 1) > 0; });
  }
  function filled(box) {
    return box.classList.contains("ef-wrong") || Array.prototype.some.call(inputs(box), function (each) {
      return each.type === "checkbox" || each.type === "radio" ? each.checked : each.value;
    });
  }
  function settle(form) { // whoever had a turn keeps it; a field behind a closed condition takes none
    var left = Number(form.getAttribute("data-at-once")), known = answered(), skipped = [];
    each(form.querySelectorAll("[data-progressive]"), function (box) {
      box.embudoTurn = box.embudoTurn || filled(box);
      if (box.embudoTurn && open(form, box)) left--;
    });
    each(form.querySelectorAll("[data-when],[data-progressive]"), function (box) {
      var name = box.getAttribute("data-progressive"), on = open(form, box);
      if (name && !box.embudoTurn) {
        on = box.embudoTurn = on && known.indexOf(name) < 0 && left-- > 0;
        if (!on) skipped.push(box.getAttribute("data-field"));
      }
      if (box.embudoOn !== on) turn(box, box.embudoOn = on);
    });
    input(form, "_skipped").value = skipped.join(",");
  }

  // -- what is told of a showing: nothing of whoever looks at it ------------------------------------------------
  function tell(form) {
    window.fetch(base + encodeURIComponent(form.getAttribute("data-ef")) + "/told/", {
      method: "POST", keepalive: true, credentials: "omit", mode: "cors",
      body: JSON.stringify({t: input(form, "_ticket").value, f: form.touched, u: location.href.split("#")[0], r: document.referrer})
    }).catch(function () { /* a count is lost, no more */ });
  }
  function touched(event) {
    var form = event.currentTarget, box = event.target.closest("[data-field]"), id = box && box.getAttribute("data-field");
    if (!id || form.touched[form.touched.length - 1] === id) return;
    var first = !form.touched.length;
    form.touched = form.touched.filter(function (each) { return each !== id; }).concat(id);
    clearTimeout(form.waiting);
    form.waiting = setTimeout(tellNow, first ? 0 : 1500, form);
  }
  function tellNow(form) { // at the latest when it is sent or its page is left
    if (!form.waiting) return;
    clearTimeout(form.waiting);
    form.waiting = 0;
    tell(form);
  }

  // -- sending ---------------------------------------------------------------------------------------------------
  function submitted(event) {
    var form = event.currentTarget, button = form.querySelector("button");
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    tellNow(form);
    var asked = [];
    each(form.querySelectorAll("[data-progressive]:not([hidden])"), function (box) { asked.push(box.getAttribute("data-progressive")); });
    window.fetch(form.action, {
      method: "POST", credentials: "omit", mode: "cors", headers: {Accept: "application/json"},
      body: new URLSearchParams(new FormData(form))
    }).then(function (response) {
      return response.json().then(function (said) {
        if (response.ok) remember(asked);
        if (said.to) { location.assign(said.to); return; }
        if (!said.html || response.status === 503) throw new Error(said.words || "");
        replace(form, said.html);
      });
    }).catch(function (error) { // what was typed stays where it is
      var lost = form.querySelector(".ef-lost");
      if (error.message && error.name === "Error") lost.textContent = error.message;
      lost.hidden = false;
      lost.focus();
      button.disabled = false;
      form.removeAttribute("aria-busy");
    });
  }
  function replace(form, html) {
    var box = document.createElement("div");
    box.innerHTML = html; // ours, with every text escaped
    var fresh = box.firstElementChild, said = form.touched;
    form.parentNode.replaceChild(fresh, form);
    if (fresh.matches("form")) help(fresh, said);
    var focus = fresh.querySelector(".ef-alert:not([hidden])") || fresh;
    focus.focus();
  }

  function help(form, said) {
    form.touched = said || [];
    set(form, "_url", location.href.split("#")[0].slice(0, 2000));
    set(form, "_ref", document.referrer.slice(0, 2000));
    set(form, "_anon", stored("id"));
    var query = new URLSearchParams(location.search);
    form.getAttribute("data-parameters").split(" ").filter(Boolean).forEach(function (pair) {
      var at = pair.lastIndexOf("=");
      set(form, pair.slice(at + 1), (query.get(decodeURIComponent(pair.slice(0, at))) || "").slice(0, 200));
    });
    settle(form);
    form.addEventListener("input", function () { settle(form); });
    form.addEventListener("change", function () { settle(form); });
    form.addEventListener("input", touched);
    form.addEventListener("change", touched);
    form.addEventListener("submit", submitted);
    window.addEventListener("pagehide", function () { tellNow(form); });
    if (!said) tell(form);
  }

  function place(tag) {
    var slug = tag.getAttribute("data-form");
    if (!slug || tag.embudoDone) return;
    tag.embudoDone = true;
    var language = tag.getAttribute("data-lang") || document.documentElement.lang || "";
    var address = base + encodeURIComponent(slug) + "/";
    window.fetch(address + "embed/?lang=" + encodeURIComponent(language), {credentials: "omit", mode: "cors"}).then(function (response) {
      if (!response.ok) throw new Error("Embudo: the form " + slug + " is not there (" + response.status + ")");
      return response.json();
    }).then(function (said) {
      var box = document.createElement("div");
      box.innerHTML = said.html;
      var form = box.firstElementChild;
      form.action = address;
      if (document.head.contains(tag)) document.body.appendChild(form); // pasted where nothing can be seen
      else tag.parentNode.insertBefore(form, tag);
      help(form);
    }).catch(function (error) { if (window.console) console.warn(error.message); });
  }

  function begin() {
    var tags = document.querySelectorAll("script[data-form]");
    if (tags.length) dress();
    each(tags, function (tag) { if (tag.src.indexOf(base + "embed.js") === 0) place(tag); });
    each(document.querySelectorAll("form[data-ef]"), function (form) { if (!form.touched && form.action.indexOf(base) === 0) help(form); });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})(window, document);
