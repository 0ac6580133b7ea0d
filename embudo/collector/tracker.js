// Embudo's tracker: what a visitor reads, clicks and fills in, as far as they agreed to it.
// The collector puts `window.embudoSite = {key, mode}` in front. docs/collecting.md says how to use it.
(function (window, document, navigator) {
  "use strict";
  var site = window.embudoSite, script = document.currentScript;
  if (!site || !script || window.embudo && window.embudo.track) return;
  var endpoint = script.src.replace(/\/tracker\.js.*$/, "/e");
  var IDLE_MS = 30000, MAX_QUEUE = 200, MAX_BATCH = 20, MAX_BYTES = 50000, LONGEST_WAIT_MS = 60000, SAME_ACT_MS = 30000;
  var location = window.location, earlier = Array.isArray(window.embudo) ? window.embudo : [];

  var WITHDRAWN = "consent_withdrawn";

  // -- consent: what may be sent, and what may be kept in this browser ------------------------------

  var objects = navigator.globalPrivacyControl === true || (navigator.doNotTrack || window.doNotTrack) === "1";
  var keeps = site.mode !== "cookieless"; // whether this mode ever keeps anything
  var answer = read("consent"), purposes;

  function state() {
    return objects ? "refused" : answer || "unasked";
  }

  function allowed() {
    return state() === "given" || state() === "unasked" && site.mode !== "required";
  }

  function read(name) {
    try {
      return keeps && window.localStorage.getItem("embudo_" + name) || "";
    } catch (e) {
      return "";
    }
  }

  function keep(name, value) {
    try {
      if (!keeps) return;
      if (value) window.localStorage.setItem("embudo_" + name, value);
      else window.localStorage.removeItem("embudo_" + name);
    } catch (e) { /* storage is full or forbidden: memory has it */ }
  }

  function uuid() {
    if (window.crypto.randomUUID) return window.crypto.randomUUID();
    return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, function (c) {
      return (c ^ window.crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16);
    });
  }

  // -- the queue: in this browser where that is allowed, so that a closed page or a lost line loses nothing --

  var queue = [], visitor = "", user = "", sending = false, wait = 1000, timer;

  function load() {
    if (!keeps) return;
    if (allowed()) {
      visitor = read("id") || visitor || uuid();
      keep("id", visitor);
      user = read("user") || user;
    }
    try {
      JSON.parse(read("queue") || "[]").forEach(function (event) {
        if ((allowed() || event.event === WITHDRAWN) && !queue.some(function (each) { return each.messageId === event.messageId; })) queue.push(event);
      });
    } catch (e) { keep("queue", ""); }
  }

  function save() {
    queue.splice(0, queue.length - MAX_QUEUE);
    keep("queue", queue.length ? JSON.stringify(queue) : "");
  }

  function push(message, soon) {
    if (!allowed() && message.event !== WITHDRAWN) return "";
    message.messageId = uuid();
    message.timestamp = new Date().toISOString();
    message.context = {page: {url: location.href, title: document.title, referrer: referrer}};
    if (answer || objects) message.context.consent = {state: state(), purposes: purposes};
    if (visitor) message.anonymousId = visitor;
    if (user) message.userId = user;
    queue.push(message);
    save();
    if (soon) flush();
    else later(300);
    return message.messageId;
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  }

  function flush(leaving) {
    clearTimeout(timer);
    if (!queue.length || sending && leaving !== true) return;
    var batch = [], bytes = 0;
    for (var i = 0; i < queue.length && batch.length < MAX_BATCH && bytes < MAX_BYTES; i++) {
      bytes += JSON.stringify(queue[i]).length;
      if (!i || bytes < MAX_BYTES) batch.push(queue[i]);
    }
    var body = JSON.stringify({
      writeKey: site.key,
      sentAt: new Date().toISOString(),
      context: {
        locale: navigator.language,
        timezone: window.Intl && Intl.DateTimeFormat().resolvedOptions().timeZone,
        webdriver: navigator.webdriver || undefined,
        library: {name: "embudo-tracker"}
      },
      batch: batch
    });
    sending = true;
    try { // a text body needs no preflight; keepalive outlives the page
      window.fetch(endpoint, {method: "POST", body: body, keepalive: true, credentials: "omit", mode: "cors"}).then(
        function (response) { sent(batch, response.status < 500 && response.status !== 408 && response.status !== 429); },
        function () { sent(batch, false); }
      );
    } catch (e) {
      sent(batch, navigator.sendBeacon && navigator.sendBeacon(endpoint, body));
    }
  }

  function sent(batch, done) {
    sending = false;
    if (done) {
      queue = queue.filter(function (event) { return batch.indexOf(event) < 0; });
      save();
    }
    wait = done ? 1000 : Math.min(2 * wait, LONGEST_WAIT_MS);
    if (queue.length) later(done ? 0 : wait);
  }

  // -- reading: how long the page was visible with somebody there, and how far they came -------------

  var view = "", path = "", topic, referrer = document.referrer, shown = "", dwell = 0, scrolled = 0, active = 0, tick = 0;

  function now() {
    return Date.now();
  }

  function measure() {
    var at = now(), gone = at - tick;
    tick = at;
    if (document.visibilityState === "visible" && at - active < IDLE_MS && gone < 5000) dwell += gone;
    var page = document.documentElement, height = Math.max(page.scrollHeight, 1);
    scrolled = Math.max(scrolled, Math.min(1, (window.scrollY + window.innerHeight) / height));
  }

  function meta(name) {
    var tag = document.querySelector('meta[name="' + name + '"],meta[property="' + name + '"]');
    return tag ? tag.content : undefined;
  }

  function finish() {
    if (!view) return;
    measure();
    if (dwell < 500) return;
    push({type: "track", event: "page_read", properties: {
      path: path, title: shown, topic: topic, dwell_s: Math.round(dwell / 100) / 10,
      scroll_share: Math.round(scrolled * 100) / 100, view: view
    }});
    dwell = 0;
  }

  function page(properties) {
    finish();
    path = location.pathname;
    shown = document.title;
    topic = meta("embudo:topic") || meta("article:section");
    dwell = scrolled = 0;
    tick = active = now();
    var said = {url: location.href, path: path, title: shown, topic: topic, referrer: referrer};
    for (var name in properties) said[name] = properties[name];
    view = push({type: "page", properties: said}, true);
  }

  function moved() {
    if (seen === location.pathname + location.search) return;
    finish();
    referrer = new URL(seen, location.href).href;
    seen = location.pathname + location.search;
    setTimeout(page); // the new title is set after the address
  }

  // -- clicks and forms ------------------------------------------------------------------------------

  var DOWNLOAD = /\.(pdf|docx?|xlsx?|pptx?|csv|zip|rar|7z|gz|epub|mp3|mp4|mov|exe|dmg|pkg)$/i;
  var TRAITS = [
    ["email", /^(e?mail|correo)/], ["phone", /^(phone|tel|mobile|celular|movil)/],
    ["first_name", /^(first|given|fname)/], ["last_name", /^(last|family|surname|lname|apellido|sobrenome)/],
    ["title", /^(title|job|role|cargo|puesto|organizationtitle)/], ["company", /^(company|organi[sz]ation|empresa)/],
    ["country", /^(country|pais)/], ["name", /^(name|fullname|yourname|nombre|nome)/]
  ];
  var PRIVATE = /^(cc|card|cvv|cvc|csc|iban|passw|contrase|senha|ssn|otp|onetime|newpass|currentpass)/;

  var last = "", lastAt = 0;

  // A double click, an impatient second one, a form that a page's own script sends again: the same act, told once.
  function tell(name, properties) {
    var act = JSON.stringify([name, properties]);
    if (act === last && now() - lastAt < SAME_ACT_MS) return;
    last = act;
    lastAt = now();
    push({type: "track", event: name, properties: properties}, true);
  }

  function clicked(event) {
    var link = event.target.closest && event.target.closest("a[href]");
    if (!link || !link.protocol || event.button > 1) return; // the right button opens a menu
    if (link.hasAttribute("download") || DOWNLOAD.test(link.pathname)) {
      var name = link.getAttribute("download") || link.pathname.split("/").pop();
      tell("content_downloaded", {url: link.href, name: name, topic: topic});
    } else if (link.host !== location.host && link.protocol !== "javascript:") {
      tell("link_clicked", {url: link.href, name: link.textContent.trim().slice(0, 80)});
    }
  }

  function bare(text) {
    return (text || "").toLowerCase().normalize("NFD").replace(/[^a-z]/g, "");
  }

  function submitted(event) {
    var form = event.target, traits = {}, fields = {};
    if (!form.hasAttribute || !form.hasAttribute("data-embudo-form")) return;
    Array.prototype.forEach.call(form.elements, function (field) {
      var name = field.name || field.id, type = field.type, hint = bare((field.autocomplete || "").split(" ").pop());
      if (!name || !field.value || /password|hidden|file|submit|button|reset|image|fieldset/.test(type)) return;
      if ((type === "checkbox" || type === "radio") && !field.checked || field.closest("[data-embudo-ignore]")) return;
      if (PRIVATE.test(hint) || PRIVATE.test(bare(name)) || /^(\d[ -]?){13,19}$/.test(field.value)) return;
      var known = TRAITS.filter(function (each) { return each[1].test(hint); })[0] ||
        TRAITS.filter(function (each) { return type === each[0] || each[1].test(type) || each[1].test(bare(name)); })[0];
      var value = field.value.slice(0, 2000);
      if (known && type !== "textarea") traits[known[0]] = value;
      else fields[name] = fields[name] ? [].concat(fields[name], value) : value;
    });
    tell(form.getAttribute("data-embudo-event") || "form_submitted", {
      form: form.getAttribute("data-embudo-form") || form.getAttribute("id") || form.getAttribute("name"), traits: traits, fields: fields, topic: topic
    });
  }

  // -- what pages call -------------------------------------------------------------------------------

  var api = {
    track: function (name, properties) { push({type: "track", event: name, properties: properties}); },
    page: page,
    identify: function (id, traits) {
      if (typeof id === "object") traits = id;
      else if (allowed()) keep("user", user = String(id));
      push({type: "identify", traits: traits});
    },
    consent: function (given, details) {
      var before = allowed(), wording = details && details.wording;
      purposes = given && typeof given === "object" ? given : undefined;
      if (purposes) given = Object.keys(purposes).some(function (each) { return purposes[each]; });
      if (!given && before) { // what was not sent yet is not sent; this is told until it is heard
        queue = [];
        push({type: "track", event: WITHDRAWN, properties: {wording: wording}});
      }
      answer = given ? "given" : "refused";
      if (!allowed()) {
        visitor = user = view = "";
        ["id", "user"].forEach(function (name) { keep(name, ""); });
        flush(true);
      }
      if (!objects) keep("consent", answer);
      if (allowed()) {
        load();
        push({type: "track", event: "consent_given", properties: {purposes: purposes, wording: wording}});
        if (!before || !view) page();
      }
      return allowed();
    },
    push: function (call) { api[call[0]].apply(api, call.slice(1)); }
  };
  window.embudo = api;

  ["pushState", "replaceState"].forEach(function (name) {
    var original = window.history[name];
    window.history[name] = function () {
      var result = original.apply(this, arguments);
      moved();
      return result;
    };
  });
  function on(target, names, act, capture) {
    names.split(" ").forEach(function (name) { target.addEventListener(name, act, {capture: !!capture, passive: true}); });
  }
  var seen = location.pathname + location.search;
  on(window, "popstate", moved);
  on(window, "online", flush);
  on(window, "pageshow", function (event) { if (event.persisted) page(); });
  on(window, "pagehide", function () { finish(); flush(true); });
  on(document, "visibilitychange", function () {
    if (document.visibilityState === "hidden") { finish(); flush(true); }
    else tick = active = now();
  });
  on(document, "click auxclick", clicked, true);
  on(document, "submit", submitted, true);
  on(document, "mousemove mousedown keydown scroll touchstart wheel", function () { active = now(); }, true);
  setInterval(measure, 1000);

  function begin() {
    load();
    page();
    later(300); // with what another page could not deliver
    earlier.forEach(api.push);
  }
  if (document.prerendering) document.addEventListener("prerenderingchange", begin, {once: true});
  else begin();
})(window, document, navigator);
