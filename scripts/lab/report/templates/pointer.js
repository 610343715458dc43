(() => {
  const svg = document.querySelector("svg.curves");
  if (!svg) return;
  const [first, last] = svg.dataset.seconds.split(" ").map(Number);
  const width = Number(svg.dataset.width), height = Number(svg.dataset.height);
  const readout = document.createElement("div");
  readout.className = "readout";
  readout.setAttribute("role", "status");
  document.body.append(readout);

  const numbers = (text) => (text || "").match(/-?[\d.]+/g)?.map(Number) ?? [];
  const count = (value, digits = 0) =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const mib = (bytes) => count(bytes / 2 ** 20, bytes / 2 ** 20 >= 99.95 ? 0 : 1) + " MiB";
  const make = (name, plot) => {
    const made = document.createElementNS(svg.namespaceURI, name);
    made.setAttribute("class", "cursor");
    return plot.appendChild(made);
  };

  // Completed requests at a moment, and where in the protocol it lies.
  const progress = (blocks, seconds) => {
    let done = 0, total = 0, about = "", where = "before the load";
    for (let i = 0; i < blocks.length; i += 3) total += blocks[i + 2];
    for (let i = 0; i < blocks.length && seconds >= blocks[i]; i += 3) {
      const [start, end, ok] = blocks.slice(i, i + 3), block = i / 3 + 1;
      const loading = seconds < end;
      done += loading ? (ok * (seconds - start)) / (end - start) : ok;
      about = loading ? "about " : "";
      where = loading ? `block ${block}, under load` : `cooldown after block ${block}`;
    }
    return total ? `, ${about}${count(Math.round(done))} of ${count(total)} requests, ${where}` : "";
  };

  svg.querySelectorAll(".panel").forEach((panel) => {
    const plot = panel.querySelector(".plot"), title = panel.querySelector("title");
    const lines = [...panel.querySelectorAll(".line")].map((path) => {
      const flat = numbers(path.getAttribute("d"));
      const points = flat.filter((_, i) => i % 2 === 0).map((x, i) => [x, flat[2 * i + 1]]);
      return { points, blocks: numbers(path.dataset.blocks) };
    });
    if (!lines.length) return;
    panel.setAttribute("tabindex", "0");
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", title.textContent);
    panel.querySelectorAll("title").forEach((each) => each.remove());
    let line = lines[0], index = lines[0].points.length - 1, marks = null;

    const show = () => {
      const [x, y] = line.points[index];
      const seconds = first + (x / width) * (last - first);
      const bytes = (1 - y / height) * Number(panel.dataset.top);
      const trial = lines.length > 1 ? `trial ${lines.indexOf(line) + 1}, ` : "";
      marks ??= [make("path", plot), make("circle", plot)];
      marks[0].setAttribute("d", `M${x} 0V${height}`);
      Object.entries({ cx: x, cy: y, r: 3 }).forEach(([name, value]) => marks[1].setAttribute(name, value));
      readout.textContent = `${trial}${count(seconds)} s: ${mib(bytes)}${progress(line.blocks, seconds)}`;
      const at = new DOMPoint(x, y).matrixTransform(plot.getScreenCTM());
      readout.style.left = `${Math.max(4, Math.min(at.x + 12, innerWidth - readout.offsetWidth - 4))}px`;
      readout.style.top = `${Math.max(4, at.y - readout.offsetHeight - 10)}px`;
    };
    const hide = () => {
      marks?.forEach((each) => each.remove());
      marks = null;
      readout.textContent = "";
    };
    const nearest = (points, x) =>
      points.reduce((best, [at], i) => (Math.abs(at - x) < Math.abs(points[best][0] - x) ? i : best), 0);
    plot.addEventListener("pointermove", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
      const found = lines.map((each) => [each, nearest(each.points, at.x)]);
      const away = ([each, i]) => Math.abs(each.points[i][1] - at.y);
      [line, index] = found.reduce((best, each) => (away(each) < away(best) ? each : best));
      show();
    });
    plot.addEventListener("pointerleave", hide);
    addEventListener("scroll", () => marks && show(), true);
    panel.addEventListener("focus", show);
    panel.addEventListener("blur", hide);
    panel.addEventListener("keydown", (event) => {
      const end = line.points.length - 1, step = event.shiftKey ? 10 : 1;
      const to = { ArrowLeft: index - step, ArrowRight: index + step, Home: 0, End: end }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      index = Math.max(0, Math.min(end, to));
      show();
    });
  });
})();
