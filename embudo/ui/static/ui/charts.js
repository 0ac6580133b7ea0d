/* Draws every <div class="chart" data-chart="ID"> from the JSON option in <script type="application/json" id="ID">.
   Words and colours follow the page: "stage:lead" names a stage's colour, "accent", "ink", "muted", "line" the others.
   The library is heavy, so it is fetched when the first chart comes into view. */
(() => {
  const library = document.currentScript.dataset.library;
  const named = /^(stage:[a-z]+|accent|ink|muted|line|good|bad)$/;
  const drawn = new Map();

  function palette() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    return (name) => read({ ink: "--ink", muted: "--ink-2", line: "--line-2" }[name] ?? `--${name.replace(":", "-")}`);
  }
  function coloured(value, colour) {
    if (typeof value === "string") return named.test(value) ? colour(value) : value;
    if (Array.isArray(value)) return value.map((each) => coloured(each, colour));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each, colour)]));
    return value;
  }
  /* Only the keys that hold colours are translated, so that a label "ink" stays a label. */
  function withColours(value, colour) {
    if (Array.isArray(value)) return value.map((each) => withColours(each, colour));
    if (!value || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) =>
      [key, /colou?r$/i.test(key) ? coloured(each, colour) : withColours(each, colour)]));
  }
  /* Figures as the rest of the page groups them, which is not always how browsers do. */
  const figure = new Intl.NumberFormat(document.documentElement.lang, { useGrouping: "always" });
  const grouped = (value) => figure.formatToParts(value).map((part) => (part.type === "group" ? embudoWords.group : part.value)).join("");
  const written = (value) => (typeof value === "number" ? grouped(value) : value);
  function frame(colour) {
    const axis = {
      axisLine: { lineStyle: { color: colour("line") } }, axisTick: { show: false },
      axisLabel: { color: colour("muted") }, splitLine: { lineStyle: { color: colour("line"), opacity: 0.5 } },
    };
    const figures = { ...axis, axisLabel: { ...axis.axisLabel, formatter: written } };
    return {
      color: [colour("accent"), colour("stage:prospect"), colour("stage:customer"), colour("stage:ambassador"), colour("stage:lead")],
      textStyle: { color: colour("ink"), fontFamily: getComputedStyle(document.body).fontFamily },
      categoryAxis: axis, timeAxis: axis, valueAxis: figures, logAxis: figures,
    };
  }
  function draw(box) {
    const source = document.getElementById(box.dataset.chart);
    if (!source) return;
    drawn.get(box)?.dispose();
    const colour = palette();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const chart = echarts.init(box, frame(colour), { renderer: "canvas" });
    const option = withColours(JSON.parse(source.textContent), colour);
    /* Rich text, not HTML: the content security policy allows no inline style, and names are never markup. */
    [option.series ?? []].flat().forEach((each) => {
      if (each.label?.show && !each.label.formatter) each.label.formatter = (point) => written(point.value?.value ?? point.value);
    });
    option.tooltip = option.tooltip && { valueFormatter: written, confine: true, ...option.tooltip, renderMode: "richText" };
    chart.setOption({ animation: !still, animationDuration: 200, grid: { left: 8, right: 16, top: 16, bottom: 8, containLabel: true }, ...option });
    chart.on("click", (point) => { if (point.data?.url) location.assign(point.data.url); });
    drawn.set(box, chart);
  }
  let fetched = null;
  function fetchLibrary() {
    fetched ??= new Promise((done) => {
      const script = document.createElement("script");
      script.src = library;
      script.addEventListener("load", done);
      document.head.append(script);
    });
    return fetched;
  }
  const seen = new IntersectionObserver((boxes) => boxes.filter((box) => box.isIntersecting).forEach((box) => {
    seen.unobserve(box.target);
    fetchLibrary().then(() => { if (box.target.isConnected) draw(box.target); });
  }), { rootMargin: "200px" });
  function drawAll(root) {
    if (root.matches?.("[data-chart]")) seen.observe(root);
    root.querySelectorAll("[data-chart]").forEach((box) => seen.observe(box));
  }
  function forget() { drawn.forEach((chart, box) => { if (!box.isConnected) { chart.dispose(); drawn.delete(box); } }); }

  drawAll(document);
  document.body.addEventListener("htmx:load", (event) => {
    if (event.detail.elt === document.body) return; /* htmx tells of the page itself too; it is drawn already */
    forget();
    drawAll(event.detail.elt);
  });
  addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  new MutationObserver(() => [...drawn.keys()].forEach(draw)).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
