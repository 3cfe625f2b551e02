(() => {
  const specs = JSON.parse(document.getElementById('charts').textContent);
  const narrow = matchMedia('(max-width: 640px)');
  const font = getComputedStyle(document.documentElement).getPropertyValue('--sans');
  const quiet = {
    labelColor: 'var(--muted)', titleColor: 'var(--muted)', gridColor: 'var(--grid)', tickColor: 'var(--grid)',
    domainColor: 'var(--grid)', labelFont: font, titleFont: font, labelFontSize: 11,
  };
  const config = {
    background: 'transparent', font, view: { stroke: null }, axis: quiet,
    axisX: { grid: false }, legend: { labelColor: 'var(--text)', labelFont: font, labelFontSize: 12, padding: 0, offset: 8 },
  };
  const options = { actions: false, renderer: 'svg', config, tooltip: { theme: 'page' } };
  let drawn = [];

  async function draw() {
    drawn.forEach((result) => result.finalize());
    drawn = [];
    for (const [id, spec] of Object.entries(specs)) {
      const params = spec.params.map((each) => (each.name === 'narrow' ? { ...each, value: narrow.matches } : each));
      drawn.push(await vegaEmbed(`#${id}`, { ...spec, params }, options));
    }
    document.documentElement.dataset.drawn = drawn.length;
  }

  for (const block of document.querySelectorAll('.command')) {
    if (!navigator.clipboard) break;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.querySelector('code').textContent);
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
    block.append(button);
  }

  // On paper nothing can be opened: what did not pass is printed in full, lists of what passed as they stand.
  const rest = document.querySelector('details.rest');
  if (rest) {
    let was = false;
    addEventListener('beforeprint', () => { was = rest.open; rest.open = true; });
    addEventListener('afterprint', () => { rest.open = was; });
  }

  narrow.addEventListener('change', draw);
  draw();
})();
