// The page around the charts of chart.js: its sums, its keys.
const charts = [];
const place = document.getElementById('files');
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const chart = charts.find((one) => one.canvas === entry.target);
    chart.visible = entry.isIntersecting;
    if (chart.visible) chart.draw();
  }
}, { rootMargin: '200px' });
const draw_visible = () => { mix_ink(); for (const chart of charts) if (chart.visible) chart.draw(); };

mix_ink();
let rows = 0, violations = 0;
for (const script of document.querySelectorAll('script.file')) {
  const data = JSON.parse(script.textContent);
  rows += data.judged + data.learning;
  violations += data.violation_count;
  charts.push(new Chart(data, place));
  seen.observe(charts.at(-1).canvas);
}
document.getElementById('summary').textContent =
  `${count(charts.length, 'file')}, ${count(rows, 'row')}, ${count(violations, 'violation')}`;
document.getElementById('asked').textContent =
  `${about.models} · score ${about.threshold} opens a violation · times: ${about.zone}`;
new ResizeObserver(draw_visible).observe(place);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw_visible);
addEventListener('beforeprint', () => { mix_ink(); for (const chart of charts) chart.draw(); });

const help = document.getElementById('help'), help_button = document.getElementById('help-button');
function toggle_help() {
  help.hidden = !help.hidden;
  help_button.setAttribute('aria-expanded', String(!help.hidden));
}
help_button.onclick = toggle_help;

const KEYS = {
  n: (chart) => chart.next_violation(1),
  p: (chart) => chart.next_violation(-1),
  '+': (chart) => chart.zoom(0.6),
  '=': (chart) => chart.zoom(0.6),
  '-': (chart) => chart.zoom(1 / 0.6),
  0: (chart) => { chart.show_all(); chart.draw(); },
  Escape: (chart) => { chart.show_all(); chart.cursor = null; chart.draw(); },
  ArrowLeft: (chart, event) => event.shiftKey ? chart.pan(-0.25) : chart.move_cursor(-1),
  ArrowRight: (chart, event) => event.shiftKey ? chart.pan(0.25) : chart.move_cursor(1),
};
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || charts.length === 0) return;
  const here = charts.findIndex((chart) => chart.article.contains(document.activeElement));
  if (event.key === '?') return toggle_help();
  if (event.key === 'j' || event.key === 'k') {
    const next = Math.min(Math.max(here + (event.key === 'j' ? 1 : -1), 0), charts.length - 1);
    charts[next].canvas.focus();
    charts[next].article.scrollIntoView({ block: 'nearest' });
    return;
  }
  const act = KEYS[event.key];
  if (!act) return;
  const chart = charts[Math.max(here, 0)];
  if (here < 0) chart.canvas.focus();
  event.preventDefault();
  act(chart, event);
});
