(async () => {
  "use strict";
  const packed = document.getElementById("plotly-gz");
  if (packed && typeof DecompressionStream === "undefined") return;
  if (packed) {
    const bytes = Uint8Array.from(atob(packed.textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.appendChild(script);
  }
  if (!window.Plotly) return;
  const book = JSON.parse(document.getElementById("audit-figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 480px)");
  const patch = (layout, changes) => {
    for (const [path, value] of Object.entries(changes)) {
      const keys = path.split(".");
      const last = keys.pop();
      keys.reduce((at, key) => (at[key] ??= {}), layout)[last] = value;
    }
  };
  const recolour = (value, key) => {
    if (typeof value === "string") return /color/.test(key) && book.dark[value] ? book.dark[value] : value;
    if (Array.isArray(value)) return value.map((v) => recolour(v, key));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, recolour(v, k)]));
    return value;
  };
  const draw = async () => {
    const theme = dark.matches ? "dark" : "light";
    for (const place of document.querySelectorAll(".plot")) {
      const found = book.figures[place.dataset.figure];
      if (!found) continue;
      const figure = theme === "dark" ? recolour(found, "") : structuredClone(found);
      if (narrow.matches) patch(figure.layout, figure.narrow);
      place.hidden = false;
      place.style.minHeight = figure.layout.height + "px";
      figure.layout.template = book.themes[theme];
      await window.Plotly.react(place, figure.data, figure.layout, {
        displayModeBar: false,
        responsive: true,
        scrollZoom: false,
      });
    }
    document.documentElement.dataset.charts = "drawn";
  };
  dark.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
  await draw();
})();
