// Draws each figure from the JSON behind it, in the colours of the page, and again when the reader changes those.
const dark = matchMedia("(prefers-color-scheme: dark)");
const figures = [...document.querySelectorAll(".figure")];

function colours() {
  const style = getComputedStyle(document.documentElement);
  const [ink, page, line] = ["--ink", "--page", "--line"].map((name) => style.getPropertyValue(name).trim());
  return {
    "font.color": ink,
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "hoverlabel.bgcolor": page,
    "hoverlabel.bordercolor": line,
    "hoverlabel.font.color": ink,
  };
}

async function draw(figure) {
  const { data, layout } = JSON.parse(figure.nextElementSibling.textContent);
  layout.font = { family: "system-ui, -apple-system, 'Segoe UI', sans-serif" };
  await Plotly.newPlot(figure, data, layout, { responsive: true, displaylogo: false });
  await Plotly.relayout(figure, colours());
}

figures.forEach(draw);
dark.addEventListener("change", () => figures.forEach((figure) => Plotly.relayout(figure, colours())));
