"use strict";
// Draws the plots, and lets one framework be looked at alone: by its button, or by a click on any
// of its marks. Colours are CSS variables, so that a change of theme redraws nothing.
(function () {
  const views = [];
  let isolated = "";

  function show(name) {
    isolated = name === isolated ? "" : name;
    for (const view of views) {
      view.signal("isolated", isolated).runAsync();
    }
    if (isolated) document.body.dataset.isolated = isolated;
    else delete document.body.dataset.isolated;
    for (const element of document.querySelectorAll("[data-target]")) {
      element.toggleAttribute("data-on", element.dataset.target === isolated);
    }
    for (const button of document.querySelectorAll("[data-isolate]")) {
      button.setAttribute("aria-pressed", String(button.dataset.isolate === isolated));
    }
  }

  for (const button of document.querySelectorAll("[data-isolate]")) {
    button.addEventListener("click", () => show(button.dataset.isolate));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isolated) show(isolated);
  });

  // Rows that several plots are drawn from stand on the page once; their name stands in each.
  const shared = JSON.parse(document.getElementById("shared-rows")?.textContent ?? "{}");
  function specification(source) {
    const found = JSON.parse(source.textContent);
    for (const [name, rows] of Object.entries(found.datasets)) {
      if (typeof rows === "string") found.datasets[name] = shared[rows];
    }
    return found;
  }

  async function draw(source) {
    const place = document.getElementById(source.dataset.plot);
    try {
      const options = { mode: "vega-lite", renderer: "svg", actions: false, tooltip: { theme: "custom" } };
      const { view } = await window.vegaEmbed(place, specification(source), options);
      view.addEventListener("click", (_event, item) => {
        const name = item && item.datum && item.datum.target;
        if (name && document.querySelector(`[data-isolate="${CSS.escape(name)}"]`)) show(name);
      });
      views.push(view);
    } catch (error) {
      place.classList.add("broken");
      place.textContent = `This plot cannot be drawn: ${error.message}`;
      console.error(error);
    }
  }

  const sources = [...document.querySelectorAll("script[data-plot]")];
  Promise.all(sources.map(draw)).then(() => { document.documentElement.dataset.drawn = views.length; });
  // A list of runs, narrowed by what is chosen; the address keeps the choice.
  for (const form of document.querySelectorAll("form.filters")) {
    const rows = form.parentElement.querySelectorAll("table.runs tbody tr");
    const fields = [...form.querySelectorAll("select")];
    const narrow = () => {
      let shown = 0;
      for (const row of rows) {
        row.hidden = !fields.every((field) =>
          !field.value || (row.dataset[field.name] ?? "").split(" ").includes(field.value));
        shown += row.hidden ? 0 : 1;
      }
      form.querySelector("output").textContent = `${shown} of ${rows.length} runs`;
      const chosen = new URLSearchParams(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
      history.replaceState(null, "", `#${chosen}`);
    };
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      if ([...field.options].some((option) => option.value === asked.get(field.name))) field.value = asked.get(field.name);
      field.addEventListener("change", narrow);
    }
    form.addEventListener("reset", () => setTimeout(narrow));
    if (fields.some((field) => field.value)) narrow();
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
        event.preventDefault();
        fields[0].focus();
      }
    });
  }
  // Paper cannot be unfolded.
  window.addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details:not([open])")) {
      folded.open = true;
      window.addEventListener("afterprint", () => { folded.open = false; }, { once: true });
    }
  });
})();
