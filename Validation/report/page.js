"use strict";
// Draws the report's plots from the JSON in the page. Everything that matters stands in its tables too.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const ink = "#1c2733", soft = "#5b6b7b", grid = "#e6ebf0";
  const palette = ["#1f6fb5", "#c8501e", "#1c8a5a", "#8a4fb0", "#b38a00", "#b8336a", "#2b9aa8", "#5d6b1f", "#6a4a35",
    "#4a5fc1", "#777f88", "#d07a9b"];
  const shapes = ["circle", "rect", "triangle", "rectRot", "star", "crossRot"];
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = soft;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.plugins.tooltip.displayColors = false;
  const charts = [];
  const draw = (id, configuration) => {
    const canvas = document.getElementById(id);
    if (canvas) charts.push(new Chart(canvas, configuration));
  };

  const number = (value) => {
    const size = Math.abs(value);
    if (Number.isInteger(value) || size >= 10000) return Math.round(value).toLocaleString("en-US");
    return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3);
  };
  const percent = (value) => (value >= 0 ? "+" : "\u2212") + Math.abs(value).toFixed(Math.abs(value) < 0.05 ? 2 : 1) + " %";
  const powers = (value) => {
    const exponent = Math.log10(value);
    if (Math.abs(exponent - Math.round(exponent)) > 1e-6) return "";
    const unit = [[1e9, " G"], [1e6, " M"], [1e3, " k"]].find((entry) => value >= entry[0]);
    return unit ? value / unit[0] + unit[1] : String(value);
  };
  const logAxis = (title, low, high) => ({
    type: "logarithmic", min: low, max: high, title: { display: true, text: title, color: ink },
    grid: { color: (line) => (powers(line.tick.value) ? grid : "transparent"), drawBorder: false },
    ticks: { callback: powers, autoSkip: false, maxRotation: 0 },
  });
  const judged = (suite) => suite.rows.filter((row) => row.judged && row.simulated !== undefined);

  // Measured against simulated.
  (() => {
    const suites = data.validation.suites.filter((suite) => judged(suite).length > 0);
    const rows = suites.flatMap(judged).filter((row) => row.measured > 0 && row.simulated > 0);
    if (rows.length === 0) return;
    const values = rows.flatMap((row) => [row.measured, row.simulated]);
    const low = 10 ** Math.floor(Math.log10(Math.min(...values)) - 0.05);
    const high = 10 ** Math.ceil(Math.log10(Math.max(...values)) + 0.05);
    const line = (factor, dash, color, width) => ({
      type: "line", label: "", data: [{ x: low, y: low * factor }, { x: high, y: high * factor }], borderColor: color,
      borderWidth: width, borderDash: dash, pointRadius: 0, pointHitRadius: 0, order: 10,
    });
    const points = suites.map((suite, index) => ({
      type: "scatter", label: suite.name, order: 1,
      data: judged(suite).filter((row) => row.measured > 0 && row.simulated > 0)
        .map((row) => ({ x: row.measured, y: row.simulated, row })),
      backgroundColor: palette[index % palette.length] + "b0", borderColor: palette[index % palette.length],
      pointStyle: shapes[index % shapes.length], pointRadius: 4.5, pointHoverRadius: 7,
    }));
    const legend = { usePointStyle: true, filter: (item) => item.text !== "", color: ink, padding: 16 };
    const tooltip = {
      filter: (item) => item.raw.row !== undefined,
      callbacks: {
        title: (items) => (items.length ? items[0].raw.row.name : ""),
        label: (item) => {
          const row = item.raw.row;
          return [`${item.dataset.label}, ${row.gpu}`, `measured ${number(row.measured)} ${row.unit}`,
            `simulated ${number(row.simulated)}  (${percent(row.errorPercent)})`];
        },
      },
    };
    draw("scatter", {
      data: {
        datasets: [...points, line(1, [], "#3b4856", 1.4), line(1.1, [5, 4], "#8794a1", 1), line(1 / 1.1, [5, 4], "#8794a1", 1),
          line(1.2, [2, 4], "#aab4bf", 1), line(1 / 1.2, [2, 4], "#aab4bf", 1)],
      },
      options: {
        scales: { x: logAxis("measured", low, high), y: logAxis("simulated", low, high) },
        plugins: { legend: { position: "bottom", labels: legend }, tooltip },
      },
    });

    // The same rows by their errors, which logarithmic axes hide.
    const reach = Math.max(10, ...rows.map((row) => Math.abs(row.errorPercent))) * 1.1;
    const level = (error, dash) => ({
      type: "line", label: "", data: [{ x: low, y: error }, { x: high, y: error }], borderColor: error === 0 ? "#3b4856" : "#aab4bf",
      borderWidth: 1, borderDash: dash, pointRadius: 0, pointHitRadius: 0, order: 10,
    });
    draw("ratio", {
      data: {
        datasets: [...points.map((set) => ({ ...set, data: set.data.map((point) => ({ ...point, y: point.row.errorPercent })) })),
          level(0, []), level(10, [5, 4]), level(-10, [5, 4]), level(20, [2, 4]), level(-20, [2, 4])],
      },
      options: {
        scales: {
          x: logAxis("measured", low, high),
          y: {
            min: -reach, max: reach, title: { display: true, text: "error, %", color: ink }, grid: { color: grid, drawBorder: false },
            ticks: { includeBounds: false },
          },
        },
        plugins: { legend: { display: false }, tooltip },
      },
    });
  })();

  // Curves.
  const size = (kib) => (kib >= 1048576 ? kib / 1048576 + " GiB" : kib >= 1024 ? kib / 1024 + " MiB" : kib + " KiB");
  data.curves.forEach((curve, index) => {
    const least = Math.min(...curve.measured.map((point) => point.x));
    // Where the measured curve goes on far beyond the simulated one, it is flat.
    const most = Math.min(Math.max(...curve.measured.map((point) => point.x)), 2 * Math.max(...curve.simulated.map((dot) => dot.x)));
    const band = curve.measured.every((point) => point.low !== undefined && point.high !== undefined);
    const edge = (key, fill) => ({
      label: "", data: curve.measured.filter((point) => point.x <= most).map((point) => ({ x: point.x, y: point[key] })), borderWidth: 0, pointRadius: 0,
      pointHitRadius: 0, fill, backgroundColor: "#cfe0f2", order: 5,
    });
    const dots = curve.simulated;
    draw(`curve-${index}`, {
      type: "line",
      data: {
        datasets: [
          { label: "measured", data: curve.measured.filter((point) => point.x <= most), borderColor: "#2f6fb3", borderWidth: 2, pointRadius: 0, pointHitRadius: 3, order: 3 },
          {
            type: "scatter", label: "simulated", data: dots, order: 1, pointRadius: 4, pointHoverRadius: 7,
            backgroundColor: dots.map((dot) => (dot.judged ? "#d9480f" : "#ffffff")), borderColor: "#d9480f", borderWidth: 1.4,
          },
          ...(band ? [edge("high", "+1"), edge("low", false)] : []),
        ],
      },
      options: {
        scales: {
          x: {
            type: "logarithmic", min: least, max: most, title: { display: true, text: "footprint", color: ink },
            grid: { color: grid, drawBorder: false },
            afterBuildTicks: (axis) => {
              axis.ticks = [];
              for (let value = 1; value <= axis.max; value *= 4) if (value >= axis.min) axis.ticks.push({ value });
            },
            ticks: { callback: size, autoSkip: false, maxRotation: 0 },
          },
          y: { beginAtZero: true, title: { display: true, text: curve.unit + " per load", color: ink }, grid: { color: grid, drawBorder: false } },
        },
        plugins: {
          title: { display: true, text: curve.title, color: ink, align: "start", font: { size: 15 } },
          legend: { align: "end", labels: { filter: (item) => item.text !== "", usePointStyle: true, color: ink } },
          tooltip: {
            callbacks: {
              title: (items) => items[0].raw.name || size(Math.round(items[0].raw.x * 10) / 10),
              label: (item) => {
                const raw = item.raw;
                if (raw.name === undefined) return `measured ${number(raw.y)} ${curve.unit}`;
                return [`simulated ${number(raw.y)} ${curve.unit}`, `measured ${number(raw.measured)}  (${percent(raw.errorPercent)})`,
                  raw.judged ? "" : "on a slope: not judged"].filter((text) => text !== "");
              },
            },
          },
        },
      },
    });
  });

  // Errors of each row.
  data.validation.suites.forEach((suite) => {
    const rows = judged(suite);
    const canvas = document.getElementById(`errors-${suite.name}`);
    if (!canvas || rows.length === 0) return;
    canvas.parentElement.style.height = 58 + rows.length * (rows.length > 40 ? 13 : 19) + "px";
    const limit = suite.worstThresholdPercent || suite.thresholdPercent;
    const reach = Math.max(1, ...rows.map((row) => Math.abs(row.errorPercent))) * 1.08;
    draw(canvas.id, {
      type: "bar",
      data: {
        labels: rows.map((row) => (row.name.length > 52 ? row.name.slice(0, 51) + "\u2026" : row.name)),
        datasets: [{
          data: rows.map((row) => row.errorPercent), minBarLength: 2, maxBarThickness: 13,
          backgroundColor: rows.map((row) => (limit && Math.abs(row.errorPercent) > limit ? "#c8501e" : "#2f6fb3")),
        }],
      },
      options: {
        indexAxis: "y",
        scales: {
          x: {
            min: -reach, max: reach, position: "top", grid: { color: (line) => (line.tick.value === 0 ? "#8794a1" : grid), drawBorder: false },
            ticks: { callback: (value) => (Math.abs(value) === reach ? "" : Math.round(value * 10) / 10 + " %"), includeBounds: false },
          },
          y: { grid: { display: false, drawBorder: false }, ticks: { color: ink, autoSkip: false, font: { size: rows.length > 40 ? 10 : 11.5 } } },
        },
        plugins: {
          legend: { display: false },
          tooltip: {
            callbacks: {
              title: (items) => rows[items[0].dataIndex].name,
              label: (item) => {
                const row = rows[item.dataIndex];
                return [percent(row.errorPercent), `measured ${number(row.measured)} ${row.unit}, simulated ${number(row.simulated)}`, row.gpu];
              },
            },
          },
        },
      },
    });
  });

  // What others published.
  (() => {
    const groups = data.published;
    if (groups.length === 0) return;
    const gpus = [...new Set(groups.map((group) => group.gpu))];
    const models = [...new Set(groups.map((group) => group.model))];
    const colors = { "Accel-Sim": "#9aa7b4", "MICRO 2025": "#4f7fb0" };
    const find = (gpu, model) => groups.find((group) => group.gpu === gpu && group.model === model);
    draw("published", {
      type: "bar",
      data: {
        labels: gpus,
        datasets: models.map((model) => ({
          label: `${model} (published)`, backgroundColor: colors[model] || soft, maxBarThickness: 30,
          data: gpus.map((gpu) => (find(gpu, model) ? find(gpu, model).mapePercent : null)),
        })),
      },
      options: {
        scales: {
          x: { grid: { display: false }, ticks: { color: ink, maxRotation: 45 } },
          y: { beginAtZero: true, grid: { color: grid, drawBorder: false }, title: { display: true, text: "mean absolute error, %", color: ink } },
        },
        plugins: {
          title: { display: true, text: "Theirs, by GPU: mean over 128 applications", color: ink, align: "start", font: { size: 14 } },
          legend: { position: "bottom", labels: { color: ink } },
          tooltip: {
            callbacks: {
              label: (item) => {
                const group = find(item.label, models[item.datasetIndex]);
                return [`${group.model}: ${group.mapePercent.toFixed(1)} %`, `median ${group.medianPercent.toFixed(1)} %, 90th percentile ${group.p90Percent.toFixed(1)} %`];
              },
            },
          },
        },
      },
    });

    // Shares of programs below an error.
    const share = (errors) => {
      const sorted = [...errors].sort((a, b) => a - b);
      return [{ x: 0, y: 0 }, ...sorted.map((x, index) => ({ x: Math.min(x, 100), y: (100 * (index + 1)) / sorted.length }))];
    };
    const theirs = models.map((model) => ({
      label: `${model}, all GPUs (published)`, data: share(groups.filter((group) => group.model === model).flatMap((group) => group.errors)),
      borderColor: colors[model] || soft, borderWidth: 2.2,
    }));
    const whole = data.validation.suites.filter((suite) => ["kernels", "sgemm-ladder"].includes(suite.name)).flatMap(judged);
    const exact = data.validation.suites.filter((suite) => !["ampere-sm", "peaks"].includes(suite.name)).flatMap(judged);
    const ours = [["needletail, whole kernels", whole, [6, 4]], ["needletail, all rows but ampere-sm and peaks", exact, []]]
      .filter((entry) => entry[1].length > 0)
      .map(([label, rows, dash]) => ({
        label, data: share(rows.map((row) => Math.abs(row.errorPercent))), borderColor: "#c8501e", borderWidth: 2, borderDash: dash,
      }));
    draw("shares", {
      type: "line",
      data: { datasets: [...theirs, ...ours].map((set) => ({ ...set, pointRadius: 0, pointHitRadius: 4, stepped: "before" })) },
      options: {
        scales: {
          x: { type: "linear", min: 0, max: 100, grid: { color: grid, drawBorder: false }, title: { display: true, text: "absolute error, %", color: ink } },
          y: { min: 0, max: 100, grid: { color: grid, drawBorder: false }, title: { display: true, text: "programs with no more, %", color: ink } },
        },
        plugins: {
          title: { display: true, text: "Theirs and ours: different programs", color: ink, align: "start", font: { size: 14 } },
          legend: { position: "bottom", labels: { color: ink, boxHeight: 1 } },
          tooltip: { callbacks: { title: () => "", label: (item) => `${item.dataset.label}: ${item.raw.y.toFixed(0)} % within ${item.raw.x.toFixed(1)} %` } },
        },
      },
    });
  })();

  // On paper everything is open, and plots are as wide as the page.
  const folds = [...document.querySelectorAll("details")];
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = folds.filter((fold) => !fold.open);
    folds.forEach((fold) => { fold.open = true; });
    charts.forEach((chart) => chart.resize());
  });
  window.addEventListener("afterprint", () => {
    closed.forEach((fold) => { fold.open = false; });
    charts.forEach((chart) => chart.resize());
  });
})();
