// The mark of the workshop: a ring that stays open, and eight points on it, one a topic.

// The ring alone; `turn` (degrees) says where it opens.
function ring(size, ink, accent, turn = 0, weight = 0.5, inner = "") {
  const points = [];
  for (let n = 0; n < 8; n++) {
    const angle = ((turn + 27 + 306 * (n / 7)) * Math.PI) / 180;
    points.push([50 + 40 * Math.cos(angle), 50 + 40 * Math.sin(angle)]);
  }
  const dots = points.map(([x, y], n) => n % 7
    ? `<circle cx="${x}" cy="${y}" r="${weight * 2}" fill="${ink}"/>`
    : `<circle cx="${x}" cy="${y}" r="${weight * 3}" fill="${accent}"/>`).join("");
  const path = `M${points[0]} A40,40 0 1 1 ${points[7]}`;
  return `<svg width="${size}" height="${size}" viewBox="0 0 100 100">
    <path d="${path}" fill="none" stroke="${ink}" stroke-width="${weight}" stroke-linecap="round"/>
    ${inner}${dots}</svg>`;
}

// The small mark, with its heart.
function mark(size, ink, accent) {
  return ring(size, ink, accent, -45, 2.2, `<circle cx="50" cy="50" r="8" fill="${accent}"/>`);
}
